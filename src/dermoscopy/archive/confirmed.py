"""Lesions of HAM10000 that have two names, as others found by eye.

From K. Abhishek, A. Jain, G. Hamarneh, Scientific Data 12:196 (2025), who had lesions with similar
photographs and different names looked at; most were photographed again, from elsewhere, so that
no hash can tell. Look-alikes that they found to be different lesions are not among them.
"""

from collections.abc import Sequence

# The two names, each with its photographs: first the one that was looked at, then the lesion's others.
CONFIRMED = (
    (("HAM_0002566", "ISIC_0024437", "ISIC_0031105"), ("HAM_0003384", "ISIC_0031299", "ISIC_0028438")),
    (("HAM_0002984", "ISIC_0024602"), ("HAM_0003021", "ISIC_0032283", "ISIC_0030005", "ISIC_0030926", "ISIC_0031468")),
    (("HAM_0005793", "ISIC_0024629"), ("HAM_0004292", "ISIC_0029625")),
    (("HAM_0003762", "ISIC_0024736"), ("HAM_0006260", "ISIC_0029748")),
    (("HAM_0000106", "ISIC_0024770"), ("HAM_0006346", "ISIC_0027811", "ISIC_0026280")),
    (("HAM_0001387", "ISIC_0024879"), ("HAM_0004847", "ISIC_0030906")),
    (("HAM_0004919", "ISIC_0025226"), ("HAM_0000140", "ISIC_0030074")),
    (("HAM_0004619", "ISIC_0025664"), ("HAM_0002378", "ISIC_0026087")),
    (("HAM_0007604", "ISIC_0027027"), ("HAM_0000955", "ISIC_0029036")),
    (("HAM_0004905", "ISIC_0027162"), ("HAM_0003881", "ISIC_0029061", "ISIC_0031893")),
    (("HAM_0003819", "ISIC_0027689"), ("HAM_0003814", "ISIC_0032647")),
    (("HAM_0001310", "ISIC_0027820"), ("HAM_0002096", "ISIC_0028209", "ISIC_0029518")),
    (("HAM_0003816", "ISIC_0029152"), ("HAM_0003813", "ISIC_0033173")),
    (("HAM_0004735", "ISIC_0030000"), ("HAM_0007465", "ISIC_0031392")),
    (("HAM_0004184", "ISIC_0032634"), ("HAM_0004199", "ISIC_0033556")),
    (("HAM_0006766", "ISIC_0033374"), ("HAM_0007301", "ISIC_0033417")),
    (("HAM_0001186", "ISIC_0033391"), ("HAM_0000825", "ISIC_0034186")),
    (("HAM_0004196", "ISIC_0033421"), ("HAM_0004198", "ISIC_0033481")),
)


def confirmed_pairs(image_ids: Sequence[str], lesions: Sequence[str]) -> list[tuple[int, int]]:
    """Return the confirmed pairs among some photographs, as places: one photograph of each lesion.

    Any photograph of a lesion stands for it, whatever else was left out. It counts only under the
    name it was published with: the embedded archive has HAM10000's names for other pictures.

    Args:
        image_ids: Of the photographs.
        lesions: lesion_id of each.
    """
    places = {pair: place for place, pair in enumerate(zip(lesions, image_ids, strict=True))}
    pairs = []
    for two in CONFIRMED:
        first, second = ([places[lesion, one] for one in images if (lesion, one) in places] for lesion, *images in two)
        if first and second:
            pairs.append((first[0], second[0]))
    return pairs
