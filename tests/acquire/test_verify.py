from pathlib import Path

import pandas as pd
from PIL import Image

from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.verify import decode_images, match_rows_and_images, same_bytes_problems, verify
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem

LIMITS = Limits(pixels=1000, unpacked=1.0)
FIRST, SECOND = IMAGE_FOLDERS


def test_a_valid_dataset_has_no_problems(dataset: Path) -> None:
    assert verify(dataset, LIMITS) == []


def test_an_image_of_exactly_the_limit_passes(dataset: Path) -> None:
    assert verify(dataset, Limits(pixels=12 * 16, unpacked=1.0)) == []
    assert len(verify(dataset, Limits(pixels=12 * 16 - 1, unpacked=1.0))) == 8 + 1


def test_other_files_next_to_the_images_are_ignored(dataset: Path) -> None:
    (dataset / FIRST / ".DS_Store").write_text("x")
    Image.new("RGB", (2, 2)).save(dataset / "overview.jpg")
    assert verify(dataset, LIMITS) == []


def test_one_folder_may_contain_all_images(dataset: Path) -> None:
    for path in (dataset / SECOND).iterdir():
        path.rename(dataset / FIRST / path.name)
    (dataset / SECOND).rmdir()
    assert verify(dataset, LIMITS) == []


def test_images_are_decoded_even_without_a_table(dataset: Path) -> None:
    (dataset / METADATA).unlink()
    (dataset / FIRST / "ISIC_2.jpg").write_bytes(b"")
    assert [(kind, outcome) for kind, *_, outcome in verify(dataset, LIMITS)] == [
        ("table missing", "fatal"),
        ("image of zero bytes", "left out"),
    ]


def test_an_image_with_an_invalid_row_is_reported_once(dataset: Path) -> None:
    table = pd.read_csv(dataset / METADATA, dtype=str)
    table.loc[2, "age"] = "old"
    table.to_csv(dataset / METADATA, index=False)
    assert [problem.kind for problem in verify(dataset, LIMITS)] == ["age other than a number from 0 to 120"]


def test_rows_and_images_are_matched() -> None:
    assert match_rows_and_images(["a", "b", "", "../c"], [], ["b", "d"], []) == [
        Problem("row without an image", "a", "", ("a",)),
        Problem("image without a row", "d", "", ("d",)),
    ]
    assert match_rows_and_images(["a"], ["b"], ["a", "b"], []) == []


def test_a_missing_folder_is_reported_in_place_of_its_rows() -> None:
    assert match_rows_and_images(["a", "b", "c"], [], ["c"], ["part_2"]) == [
        Problem("folder missing", "part_2", "2 rows without an image", ("a", "b"))
    ]
    assert match_rows_and_images([], [], ["c"], ["part_2"]) == [Problem("folder missing", "part_2")]


def test_images_with_the_same_bytes_are_kept_if_their_diagnosis_is_the_same() -> None:
    hashes = {"a": "1", "b": "1", "c": "2", "d": "2", "e": "2", "f": "3", "g": "3", "h": "4"}
    diagnoses = {"a": "nv", "b": "nv", "c": "mel", "d": "nv", "e": "nv", "f": "nv", "g": "unknown", "h": "nv"}
    assert same_bytes_problems(hashes, diagnoses) == [
        Problem("same bytes under several image_ids", "a = b", "", ("a", "b"), "kept"),
        Problem("same bytes under several diagnoses", "c = d = e", "mel, nv", ("c", "d", "e")),
    ]


def test_a_too_large_image_is_not_decoded(dataset: Path) -> None:
    path = dataset / FIRST / "ISIC_2.jpg"
    path.write_bytes(path.read_bytes()[:-20])
    [problem], checksums = decode_images([path], pixels=10)
    assert problem.kind == "image larger than data.limits.pixels"
    assert checksums == {}
