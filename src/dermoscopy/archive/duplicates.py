"""Lesions that are one: they share a photograph, whatever the table calls them."""

from collections.abc import Iterable, Sequence


def same_bytes(lesions: Sequence[str], hashes: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of lesions that have a photograph of the same bytes.

    Args:
        lesions: lesion_id of each photograph.
        hashes: What its file hashes to.
    """
    first: dict[str, str] = {}
    pairs = set()
    for lesion, digest in sorted(zip(lesions, hashes, strict=True)):
        if first.setdefault(digest, lesion) != lesion:
            pairs.add((first[digest], lesion))
    return sorted(pairs)


def join(lesions: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the group of each lesion: its own name, or the first name of those it is joined with.

    Args:
        lesions: All lesion_ids.
        pairs: Lesions that must stay together; a chain of pairs is one group.
    """
    parent = {lesion: lesion for lesion in lesions}

    def root(lesion: str) -> str:
        while parent[lesion] != lesion:
            parent[lesion] = lesion = parent[parent[lesion]]
        return lesion

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return {lesion: root(lesion) for lesion in parent}
