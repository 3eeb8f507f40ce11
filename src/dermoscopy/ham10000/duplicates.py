"""Images that are one, or of one lesion, whatever the table calls them.

Images that look the same, by perceptual hash.

Lesions of HAM10000 that have two names, as others found by eye.

From K. Abhishek, A. Jain, G. Hamarneh, Scientific Data 12:196 (2025), who had lesions with similar
images and different names looked at; most were imaged again, from elsewhere, so that
no hash can tell. Look-alikes that they found to be different lesions are not among them.

data/merged/duplicates.csv: images that are one, or of one lesion, under two names.

data/merged/metadata.csv: a row a image of the dataset.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from dermoscopy.core.images import open_image, to_rgb
from dermoscopy.core.progress import track
from dermoscopy.core.tables import Table

SIDE = 16  # of the hash: 256 bits
DETAIL = 4 * SIDE  # side of the square whose cosine transform is hashed, in pixels
ROWS = 1024  # compared with all others at a time, so that memory stays small


def perceptual_hashes(paths: Sequence[Path]) -> NDArray[np.bool_]:
    """Hash what images look like, after Zauner 2010 (pHash): the signs of their lowest frequencies.

    A hash hardly changes when a image is saved anew, scaled or slightly cropped. It does when
    the lesion is imaged again from elsewhere: on HAM10000 a distance of at most 32 bits finds
    one of the 18 lesions with two names that were confirmed by eye, and nothing else; beyond it,
    look-alikes come first.

    Args:
        paths: Images that can be decoded.

    Returns:
        Shape (images, 256). No bit of a image of one colour is set, which is like no other.
    """
    hashes = np.zeros((len(paths), SIDE * SIDE), np.bool_)
    with ThreadPoolExecutor() as pool:
        for place, bits in enumerate(track(pool.map(_hash, paths), "Looking for near-duplicates", len(paths))):
            hashes[place] = bits
    return hashes


def _hash(path: Path) -> NDArray[np.bool_]:
    from imagehash import phash

    with open_image(path) as image:
        image.draft("L", (2 * DETAIL, 2 * DETAIL))  # the decoder may skip what is averaged away
        grey = to_rgb(image).convert("L").resize((DETAIL, DETAIL), Image.Resampling.LANCZOS)
    darkest, brightest = grey.getextrema()
    if darkest == brightest:
        return np.zeros(SIDE * SIDE, np.bool_)
    bits: NDArray[np.bool_] = phash(grey, hash_size=SIDE, highfreq_factor=DETAIL // SIDE).hash
    return bits.ravel()


def near_pairs(hashes: NDArray[np.bool_], largest: int) -> list[tuple[int, int, int]]:
    """Return the pairs of images whose hashes differ little.

    Args:
        hashes: What `perceptual_hashes` returned.
        largest: Distance, in bits of 256.

    Returns:
        Places of the two, the smaller first, and their distance; in order.
    """
    signs = np.where(hashes, np.float32(1), np.float32(-1))
    hashed: NDArray[np.bool_] = np.any(hashes, axis=1)
    pairs = []
    for start in range(0, len(signs), ROWS):
        # Signs agree or differ in each bit: their product's sum is 256 less twice the distance.
        agreement: NDArray[np.float32] = signs[start : start + ROWS] @ signs.T
        distances = (signs.shape[1] - agreement) / 2
        firsts, seconds = np.nonzero(distances <= largest)
        for first, second, distance in zip(firsts + start, seconds, distances[firsts, seconds], strict=True):
            if first < second and hashed[first] and hashed[second]:
                pairs.append((int(first), int(second), int(distance)))
    return pairs


# The two names, each with its images: first the one that was looked at, then the lesion's others.
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
    """Return the confirmed pairs among some images, as places: one image of each lesion.

    Any image of a lesion stands for it, whatever else was left out. It counts only under the
    name it was published with: the embedded dataset has HAM10000's names for other images.

    Args:
        image_ids: Of the images.
        lesions: lesion_id of each.
    """
    places = {pair: place for place, pair in enumerate(zip(lesions, image_ids, strict=True))}
    pairs = []
    for two in CONFIRMED:
        first, second = ([places[lesion, one] for one in images if (lesion, one) in places] for lesion, *images in two)
        if first and second:
            pairs.append((first[0], second[0]))
    return pairs


DUPLICATES = Table(
    columns={
        "kind": "str",  # "same bytes", "near-duplicate" (perceptual hash), "confirmed" (by eye, published)
        "image_id": "str",  # the first of the two by name
        "other_image_id": "str",  # the second
        "lesion_id": "str",
        "other_lesion_id": "str",
        "distance": "float64",  # of the perceptual hashes, in bits of 256; empty for other kinds
    },
    order=("kind", "image_id", "other_image_id"),
)


def find_duplicates(
    images: pd.DataFrame, hashes: NDArray[np.bool_] | None = None, largest: int | None = None
) -> pd.DataFrame:
    """Find the pairs of images that have to stay in one part.

    Equal bytes are found among all images. The other kinds tell only what the table does not:
    pairs of two lesions, and near-duplicates only of different bytes.

    Args:
        images: Columns `image_id`, `lesion_id`, `sha256`; a row a image, in any order.
        hashes: Perceptual hash of each, shape (images, 256); None to look for no near-duplicates.
        largest: Largest distance of near-duplicates, in bits; None likewise.

    Returns:
        Columns of `DUPLICATES`, in its order.
    """
    ids, lesions, sha256 = (images[name].tolist() for name in ("image_id", "lesion_id", "sha256"))
    pairs: list[tuple[str, int, int, float | None]] = []
    pairs += [("same bytes", *pair, None) for pair in same_bytes(sha256)]
    if hashes is not None and largest is not None:
        near = near_pairs(hashes, largest)
        pairs += [("near-duplicate", one, other, bits) for one, other, bits in near if sha256[one] != sha256[other]]
    pairs += [("confirmed", *pair, None) for pair in confirmed_pairs(ids, lesions)]

    rows = []
    for kind, *places, distance in pairs:
        one, other = sorted(places, key=ids.__getitem__)
        if kind == "same bytes" or lesions[one] != lesions[other]:
            rows.append((kind, ids[one], ids[other], lesions[one], lesions[other], distance))
    return DUPLICATES.sort(pd.DataFrame(rows, columns=list(DUPLICATES.columns)))


def same_bytes(sha256: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of images of the same bytes, as places: the first with each further one.

    Args:
        sha256: What each file hashes to.
    """
    places = defaultdict(list)
    for place, digest in enumerate(sha256):
        places[digest].append(place)
    return [(first, further) for first, *others in places.values() for further in others]


def group_lesions(lesions: Iterable[str], duplicates: pd.DataFrame) -> dict[str, str]:
    """Return the group of each lesion: its own name, or the first name of those it is joined with.

    Args:
        lesions: All lesion_ids.
        duplicates: Pairs that must stay together, columns of `DUPLICATES`; a chain of pairs is one group.
    """
    parent = {lesion: lesion for lesion in lesions}

    def root(lesion: str) -> str:
        while parent[lesion] != lesion:
            parent[lesion] = lesion = parent[parent[lesion]]
        return lesion

    for one, other in zip(duplicates["lesion_id"], duplicates["other_lesion_id"], strict=True):
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return {lesion: root(lesion) for lesion in parent}


MERGED = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "group": "str",  # lesions that must stay in one part, named after the first of them
        "dx": "str",
        "dx_type": "str",
        "age": "float64",  # years
        "sex": "str",
        "localization": "str",
        "sha256": "str",  # of the image's file
    },
    order=("image_id",),
)
