import numpy as np
import pandas as pd

from dermoscopy.ham10000.duplicates import CONFIRMED, find_duplicates, group_lesions, same_bytes_pairs


def image_table(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "sha256"])


def hashes(*distances: int) -> np.ndarray:
    """Return hashes at these distances from the first hash."""
    first = np.arange(256) % 2 == 0
    bits = np.tile(first, (len(distances), 1))
    for row, distance in zip(bits, distances, strict=True):
        row[:distance] ^= True
    return bits


def pairs(found: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(zip(found["kind"], found["image_id"], found["other_image_id"], strict=True))


def test_first_file_is_paired_with_each_other_file_of_the_same_bytes() -> None:
    assert same_bytes_pairs(["1", "2", "1", "3", "1"]) == [(0, 2), (0, 4)]


def test_same_bytes_are_found_within_a_lesion_and_across_lesions() -> None:
    table = image_table(("d", "L2", "1"), ("a", "L1", "1"), ("b", "L1", "1"), ("c", "L1", "2"))
    assert pairs(find_duplicates(table)) == [("same bytes", "a", "d"), ("same bytes", "b", "d")]


def test_near_duplicates_are_of_two_lesions_and_different_bytes() -> None:
    table = image_table(("a", "L1", "1"), ("b", "L1", "2"), ("c", "L2", "3"), ("d", "L3", "1"), ("e", "L4", "4"))
    found = find_duplicates(table, hashes(0, 1, 32, 0, 65), 32)
    assert pairs(found) == [
        ("near-duplicate", "a", "c"),
        ("near-duplicate", "b", "c"),
        ("near-duplicate", "b", "d"),
        ("near-duplicate", "c", "d"),
        ("same bytes", "a", "d"),
    ]
    assert found["distance"].tolist()[:2] == [32, 31]


def test_near_duplicates_are_at_most_the_largest_distance_apart() -> None:
    table = image_table(("a", "L1", "1"), ("b", "L2", "2"))
    assert len(find_duplicates(table, hashes(0, 20), 20)) == 1
    assert find_duplicates(table, hashes(0, 20), 19).empty
    assert find_duplicates(table, hashes(0, 20), None).empty


def test_confirmed_pairs_need_the_published_ids() -> None:
    (lesion, image, *_), (other_lesion, other_image, *_) = CONFIRMED[0]
    table = image_table((other_image, other_lesion, "1"), (image, lesion, "2"))
    assert pairs(find_duplicates(table)) == [("confirmed", image, other_image)]
    assert find_duplicates(table.assign(lesion_id=["HAM_0000001", "HAM_0000002"])).empty
    assert find_duplicates(table[:1]).empty


def test_any_image_represents_a_confirmed_lesion() -> None:
    (lesion, _, image), (other_lesion, _, other_image) = CONFIRMED[0]
    table = image_table((image, lesion, "1"), (other_image, other_lesion, "2"))
    assert pairs(find_duplicates(table)) == [("confirmed", *sorted((image, other_image)))]


def test_each_confirmed_pair_is_of_two_lesions_and_listed_once() -> None:
    lesions = [frozenset((first[0], second[0])) for first, second in CONFIRMED]
    assert len(CONFIRMED) == len(set(lesions)) == 18
    assert all(len(pair) == 2 for pair in lesions)
    images = [image for pair in CONFIRMED for _, *images_of_lesion in pair for image in images_of_lesion]
    assert len(images) == len(set(images))


def lesion_pairs(*lesions: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(lesions, columns=["lesion_id", "other_lesion_id"])


def test_chain_of_pairs_is_one_group_named_after_the_first_lesion() -> None:
    groups = group_lesions("edcba", lesion_pairs(("d", "c"), ("e", "d"), ("b", "e")))
    assert groups == {"a": "a", "b": "b", "c": "b", "d": "b", "e": "b"}


def test_lesions_without_pairs_are_groups_of_their_own() -> None:
    assert group_lesions(["a", "b"], lesion_pairs()) == {"a": "a", "b": "b"}
