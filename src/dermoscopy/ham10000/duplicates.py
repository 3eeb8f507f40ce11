"""Find images that are the same, or of the same lesion, although the dataset gives them different ids.

There are three kinds: files with the same bytes, similar images (by perceptual hash), and published pairs of HAM10000
that people confirmed by eye. `DUPLICATES` is data/merged/duplicates.csv, the pairs found. `MERGED` is
data/merged/metadata.csv, one row for each image, with the group of lesions that must stay in one split.
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

HASH_SIZE = 16  # width and height of the hash, which has 256 bits
HASHED_SIZE = 4 * HASH_SIZE  # width and height of the image whose cosine transform is hashed, in pixels
CHUNK = 1024  # hashes compared with all others at a time, to limit memory


def perceptual_hashes(paths: Sequence[Path]) -> NDArray[np.bool_]:
    """Compute the perceptual hash (pHash, Zauner 2010) of images: the signs of their lowest frequencies.

    A hash hardly changes if an image is saved again, scaled or slightly cropped. It changes if the lesion is imaged
    again from another position. On HAM10000 a distance of at most 32 bits finds one of the 18 pairs of lesions that
    were confirmed by eye, and nothing else; at larger distances, different lesions that look similar come first.

    Args:
        paths: Files of images that can be decoded.

    Returns:
        Hashes of shape (images, 256). An image of a single colour has no bit set; it counts as similar to none.
    """
    hashes = np.zeros((len(paths), HASH_SIZE * HASH_SIZE), np.bool_)
    with ThreadPoolExecutor() as pool:
        for index, bits in enumerate(track(pool.map(_hash, paths), "Hashing images", len(paths))):
            hashes[index] = bits
    return hashes


def _hash(path: Path) -> NDArray[np.bool_]:
    from imagehash import phash

    with open_image(path) as image:
        image.draft("L", (2 * HASHED_SIZE, 2 * HASHED_SIZE))  # lets the decoder skip detail that is averaged away
        grey = to_rgb(image).convert("L").resize((HASHED_SIZE, HASHED_SIZE), Image.Resampling.LANCZOS)
    darkest, brightest = grey.getextrema()
    if darkest == brightest:
        return np.zeros(HASH_SIZE * HASH_SIZE, np.bool_)
    bits: NDArray[np.bool_] = phash(grey, hash_size=HASH_SIZE, highfreq_factor=HASHED_SIZE // HASH_SIZE).hash
    return bits.ravel()


def near_pairs(hashes: NDArray[np.bool_], max_distance: int) -> list[tuple[int, int, int]]:
    """Return the pairs of images with similar hashes.

    Args:
        hashes: Result of `perceptual_hashes`, of shape (images, 256).
        max_distance: Largest distance of a pair, in bits of 256.

    Returns:
        Indices of the two images, the smaller first, and their distance in bits; sorted.
    """
    signs = np.where(hashes, np.float32(1), np.float32(-1))
    several_colours: NDArray[np.bool_] = np.any(hashes, axis=1)
    pairs = []
    for start in range(0, len(signs), CHUNK):
        # The product of two signs is 1 or -1 for each bit, so its sum is 256 minus twice the distance.
        agreement: NDArray[np.float32] = signs[start : start + CHUNK] @ signs.T
        distances = (signs.shape[1] - agreement) / 2
        firsts, seconds = np.nonzero(distances <= max_distance)
        for first, second, distance in zip(firsts + start, seconds, distances[firsts, seconds], strict=True):
            if first < second and several_colours[first] and several_colours[second]:
                pairs.append((int(first), int(second), int(distance)))
    return pairs


# Lesions that have two lesion_ids in HAM10000, from K. Abhishek, A. Jain, G. Hamarneh, Scientific Data 12:196 (2025).
# People compared lesions with similar images by eye. Most were imaged again from another position, so that no hash
# finds them. Pairs that people found to be different lesions are not listed.
# Each lesion_id is followed by its images: first the one that was compared, then the others.
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
    """Return the indices of the images of each confirmed pair: one image of each lesion.

    Any image represents its lesion if others were left out. Both lesion_id and image_id must be as published, since
    the simulated dataset uses HAM10000's ids for other images.

    Args:
        image_ids: image_id of each image.
        lesions: lesion_id of each image.
    """
    indices = {ids: index for index, ids in enumerate(zip(lesions, image_ids, strict=True))}
    pairs = []
    for lesion_pair in CONFIRMED:
        first, second = (
            [indices[lesion, image] for image in images if (lesion, image) in indices]
            for lesion, *images in lesion_pair
        )
        if first and second:
            pairs.append((first[0], second[0]))
    return pairs


DUPLICATES = Table(
    columns={
        "kind": "str",  # "same bytes", "near-duplicate" (by perceptual hash) or "confirmed" (by eye, published)
        "image_id": "str",  # of the two images, the first in alphabetical order
        "other_image_id": "str",  # the second of the two
        "lesion_id": "str",
        "other_lesion_id": "str",
        "distance": "float64",  # of the perceptual hashes, in bits of 256; empty for the other kinds
    },
    order=("kind", "image_id", "other_image_id"),
)


def find_duplicates(
    images: pd.DataFrame, hashes: NDArray[np.bool_] | None = None, max_distance: int | None = None
) -> pd.DataFrame:
    """Find the pairs of images that must stay in one split.

    Pairs with the same bytes are reported for all images. The other kinds are reported only for two different lesions,
    and near-duplicates only for different bytes.

    Args:
        images: Columns `image_id`, `lesion_id`, `sha256`; one row for each image, in any order.
        hashes: Perceptual hash of each image, of shape (images, 256); None skips near-duplicates.
        max_distance: Largest distance of near-duplicates, in bits; None skips near-duplicates.

    Returns:
        Pairs with the columns of `DUPLICATES`, in its order.
    """
    ids, lesions, sha256 = (images[name].tolist() for name in ("image_id", "lesion_id", "sha256"))
    pairs: list[tuple[str, int, int, float | None]] = []
    pairs += [("same bytes", *pair, None) for pair in same_bytes_pairs(sha256)]
    if hashes is not None and max_distance is not None:
        near = near_pairs(hashes, max_distance)
        pairs += [
            ("near-duplicate", first, second, bits) for first, second, bits in near if sha256[first] != sha256[second]
        ]
    pairs += [("confirmed", *pair, None) for pair in confirmed_pairs(ids, lesions)]

    rows = []
    for kind, *indices, distance in pairs:
        first, second = sorted(indices, key=ids.__getitem__)
        if kind == "same bytes" or lesions[first] != lesions[second]:
            rows.append((kind, ids[first], ids[second], lesions[first], lesions[second], distance))
    return DUPLICATES.sort(pd.DataFrame(rows, columns=list(DUPLICATES.columns)))


def same_bytes_pairs(sha256: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of files with the same bytes, as indices: the first file paired with each of the others.

    Args:
        sha256: SHA-256 of each file.
    """
    indices = defaultdict(list)
    for index, digest in enumerate(sha256):
        indices[digest].append(index)
    return [(first, other) for first, *others in indices.values() for other in others]


def group_lesions(lesions: Iterable[str], duplicates: pd.DataFrame) -> dict[str, str]:
    """Return the group of each lesion: the first lesion_id, in alphabetical order, of all lesions connected by pairs.

    Args:
        lesions: All lesion_ids.
        duplicates: Pairs that must stay in one split, with the columns of `DUPLICATES`; a chain of pairs is one group.
    """
    parent = {lesion: lesion for lesion in lesions}

    def root(lesion: str) -> str:
        while parent[lesion] != lesion:
            parent[lesion] = lesion = parent[parent[lesion]]
        return lesion

    for lesion_pair in zip(duplicates["lesion_id"], duplicates["other_lesion_id"], strict=True):
        first, second = sorted(map(root, lesion_pair))
        parent[second] = first
    return {lesion: root(lesion) for lesion in parent}


MERGED = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "group": "str",  # of lesions that must stay in one split; the first of their lesion_ids
        "dx": "str",
        "dx_type": "str",
        "age": "float64",  # in years
        "sex": "str",
        "localization": "str",
        "dataset": "str",  # source of the image, see `core.sources`
        "sha256": "str",  # of the image's file
    },
    order=("image_id",),
    optional=("dataset",),
)
