import numpy as np
import pandas as pd

from dermoscopy.ham10000.duplicates import CONFIRMED, find_duplicates, group_lesions, same_bytes


def images(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "sha256"])


def hashes(*distances: int) -> np.ndarray:
    """Hashes at these distances from the first."""
    first = np.arange(256) % 2 == 0
    bits = np.tile(first, (len(distances), 1))
    for row, distance in zip(bits, distances, strict=True):
        row[:distance] ^= True
    return bits


def pairs(found: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(zip(found["kind"], found["image_id"], found["other_image_id"], strict=True))


def test_the_first_of_equal_bytes_is_paired_with_each_further_one() -> None:
    assert same_bytes(["1", "2", "1", "3", "1"]) == [(0, 2), (0, 4)]


def test_equal_bytes_are_told_within_a_lesion_and_across_lesions() -> None:
    table = images(("d", "L2", "1"), ("a", "L1", "1"), ("b", "L1", "1"), ("c", "L1", "2"))
    assert pairs(find_duplicates(table)) == [("same bytes", "a", "d"), ("same bytes", "b", "d")]


def test_near_duplicates_are_of_two_lesions_and_other_bytes() -> None:
    table = images(("a", "L1", "1"), ("b", "L1", "2"), ("c", "L2", "3"), ("d", "L3", "1"), ("e", "L4", "4"))
    found = find_duplicates(table, hashes(0, 1, 32, 0, 65), 32)
    assert pairs(found) == [
        ("near-duplicate", "a", "c"),
        ("near-duplicate", "b", "c"),
        ("near-duplicate", "b", "d"),
        ("near-duplicate", "c", "d"),
        ("same bytes", "a", "d"),
    ]
    assert found["distance"].tolist()[:2] == [32, 31]


def test_the_largest_distance_is_kept_to() -> None:
    table = images(("a", "L1", "1"), ("b", "L2", "2"))
    assert len(find_duplicates(table, hashes(0, 20), 20)) == 1
    assert find_duplicates(table, hashes(0, 20), 19).empty
    assert find_duplicates(table, hashes(0, 20), None).empty


def test_confirmed_pairs_count_only_under_their_published_names() -> None:
    (lesion, one, *_), (other_lesion_id, other, *_) = CONFIRMED[0]
    table = images((other, other_lesion_id, "1"), (one, lesion, "2"))
    assert pairs(find_duplicates(table)) == [("confirmed", one, other)]
    assert find_duplicates(table.assign(lesion_id=["HAM_0000001", "HAM_0000002"])).empty
    assert find_duplicates(table[:1]).empty


def test_any_photograph_of_a_confirmed_lesion_stands_for_it() -> None:
    (lesion, _, further), (other_lesion_id, _, others_further) = CONFIRMED[0]
    table = images((further, lesion, "1"), (others_further, other_lesion_id, "2"))
    assert pairs(find_duplicates(table)) == [("confirmed", *sorted((further, others_further)))]


def test_each_confirmed_pair_is_of_two_lesions_and_named_once() -> None:
    named = [frozenset((one[0], other[0])) for one, other in CONFIRMED]
    assert len(CONFIRMED) == len(set(named)) == 18
    assert all(len(pair) == 2 for pair in named)
    images = [image for two in CONFIRMED for _, *its in two for image in its]
    assert len(images) == len(set(images))


def joined(*lesions: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(lesions, columns=["lesion_id", "other_lesion_id"])


def test_a_chain_is_one_group_named_after_its_first() -> None:
    groups = group_lesions("edcba", joined(("d", "c"), ("e", "d"), ("b", "e")))
    assert groups == {"a": "a", "b": "b", "c": "b", "d": "b", "e": "b"}


def test_lesions_that_share_nothing_stay_apart() -> None:
    assert group_lesions(["a", "b"], joined()) == {"a": "a", "b": "b"}
