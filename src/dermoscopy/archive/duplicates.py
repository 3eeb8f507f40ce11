"""Photographs that are one, or of one lesion, whatever the table calls them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.archive.confirmed import confirmed_pairs
from dermoscopy.archive.near import near_pairs
from dermoscopy.tables.duplicates import DUPLICATES


def find_duplicates(
    photographs: pd.DataFrame, hashes: NDArray[np.bool_] | None = None, largest: int | None = None
) -> pd.DataFrame:
    """Find the pairs of photographs that have to stay in one part.

    Equal bytes are found among all photographs. The other kinds tell only what the table does not:
    pairs of two lesions, and near-duplicates only of different bytes.

    Args:
        photographs: Columns `image_id`, `lesion_id`, `sha256`; a row a photograph, in any order.
        hashes: Perceptual hash of each, shape (photographs, 256); None to look for no near-duplicates.
        largest: Largest distance of near-duplicates, in bits; None likewise.

    Returns:
        Columns of `DUPLICATES`, in its order.
    """
    images, lesions, sha256 = (photographs[name].tolist() for name in ("image_id", "lesion_id", "sha256"))
    pairs: list[tuple[str, int, int, float | None]] = []
    pairs += [("same bytes", *pair, None) for pair in same_bytes(sha256)]
    if hashes is not None and largest is not None:
        near = near_pairs(hashes, largest)
        pairs += [("near-duplicate", one, other, bits) for one, other, bits in near if sha256[one] != sha256[other]]
    pairs += [("confirmed", *pair, None) for pair in confirmed_pairs(images, lesions)]

    rows = []
    for kind, *places, distance in pairs:
        one, other = sorted(places, key=images.__getitem__)
        if kind == "same bytes" or lesions[one] != lesions[other]:
            rows.append((kind, images[one], images[other], lesions[one], lesions[other], distance))
    return DUPLICATES.sort(pd.DataFrame(rows, columns=list(DUPLICATES.columns)))


def same_bytes(sha256: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of photographs of the same bytes, as places: the first with each further one.

    Args:
        sha256: What each file hashes to.
    """
    places = defaultdict(list)
    for place, digest in enumerate(sha256):
        places[digest].append(place)
    return [(first, further) for first, *others in places.values() for further in others]


def group(lesions: Iterable[str], duplicates: pd.DataFrame) -> dict[str, str]:
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

    for one, other in zip(duplicates["lesion_id"], duplicates["other_lesion"], strict=True):
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return {lesion: root(lesion) for lesion in parent}
