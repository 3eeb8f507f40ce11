from pathlib import Path

import pandas as pd
from PIL import Image

from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.verify import decode, match, same_bytes, verify
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem

LIMITS = Limits(pixels=1000, unpacked=1.0)
FIRST, SECOND = IMAGE_FOLDERS


def test_a_sound_archive_has_no_problems(dataset: Path) -> None:
    assert verify(dataset, LIMITS) == []


def test_one_photograph_of_exactly_the_limit_passes(dataset: Path) -> None:
    assert verify(dataset, Limits(pixels=12 * 16, unpacked=1.0)) == []
    assert len(verify(dataset, Limits(pixels=12 * 16 - 1, unpacked=1.0))) == 8 + 1


def test_other_files_beside_the_photographs_do_not_matter(dataset: Path) -> None:
    (dataset / FIRST / ".DS_Store").write_text("x")
    Image.new("RGB", (2, 2)).save(dataset / "overview.jpg")
    assert verify(dataset, LIMITS) == []


def test_one_folder_may_hold_all(dataset: Path) -> None:
    for path in (dataset / SECOND).iterdir():
        path.rename(dataset / FIRST / path.name)
    (dataset / SECOND).rmdir()
    assert verify(dataset, LIMITS) == []


def test_photographs_are_decoded_though_the_table_is_missing(dataset: Path) -> None:
    (dataset / METADATA).unlink()
    (dataset / FIRST / "ISIC_2.jpg").write_bytes(b"")
    assert [(kind, outcome) for kind, *_, outcome in verify(dataset, LIMITS)] == [
        ("table missing", "fatal"),
        ("image of zero bytes", "left out"),
    ]


def test_a_bad_row_with_a_photograph_leaves_it_told_once(dataset: Path) -> None:
    table = pd.read_csv(dataset / METADATA, dtype=str)
    table.loc[2, "age"] = "old"
    table.to_csv(dataset / METADATA, index=False)
    assert [problem.kind for problem in verify(dataset, LIMITS)] == ["age outside 0 to 120"]


def test_rows_and_photographs_are_matched() -> None:
    assert match(["a", "b", "", "../c"], [], ["b", "d"], []) == [
        Problem("row without a image", "a", "", ("a",)),
        Problem("image without a row", "d", "", ("d",)),
    ]
    assert match(["a"], ["b"], ["a", "b"], []) == []


def test_a_missing_folder_stands_for_its_rows() -> None:
    assert match(["a", "b", "c"], [], ["c"], ["part_2"]) == [
        Problem("folder missing", "part_2", "2 rows without a image", ("a", "b"))
    ]
    assert match([], [], ["c"], ["part_2"]) == [Problem("folder missing", "part_2")]


def test_the_same_bytes_are_kept_where_the_diagnosis_is_the_same() -> None:
    hashes = {"a": "1", "b": "1", "c": "2", "d": "2", "e": "2", "f": "3", "g": "3", "h": "4"}
    diagnoses = {"a": "nv", "b": "nv", "c": "mel", "d": "nv", "e": "nv", "f": "nv", "g": "unknown", "h": "nv"}
    assert same_bytes(hashes, diagnoses) == [
        Problem("same bytes under several image_ids", "a = b", "", ("a", "b"), "kept"),
        Problem("same bytes under several diagnoses", "c = d = e", "mel, nv", ("c", "d", "e")),
    ]


def test_a_large_photograph_is_not_decoded(dataset: Path) -> None:
    path = dataset / FIRST / "ISIC_2.jpg"
    path.write_bytes(path.read_bytes()[:-20])
    [problem], hashes = decode([path], pixels=10)
    assert problem.kind == "image larger than data.limits.pixels"
    assert hashes == {}
