"""Photographs that look the same, by perceptual hash."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermoscopy.images import open_image, to_rgb
from dermoscopy.progress import track

SIDE = 16  # of the hash: 256 bits
DETAIL = 4 * SIDE  # side of the square whose cosine transform is hashed, in pixels
ROWS = 1024  # compared with all others at a time, so that memory stays small


def perceptual_hashes(paths: Sequence[Path]) -> NDArray[np.bool_]:
    """Hash what photographs look like, after Zauner 2010 (pHash): the signs of their lowest frequencies.

    A hash hardly changes when a photograph is saved anew, scaled or slightly cropped. It does when
    the lesion is photographed again from elsewhere: on HAM10000 a distance of at most 32 bits finds
    one of the 18 lesions with two names that were confirmed by eye, and nothing else; beyond it,
    look-alikes come first.

    Args:
        paths: Photographs that can be decoded.

    Returns:
        Shape (photographs, 256). No bit of a photograph of one colour is set, which is like no other.
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
    """Return the pairs of photographs whose hashes differ little.

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
