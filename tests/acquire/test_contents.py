import os
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dermoscopy.acquire.entries import Entry, is_dataset_name
from dermoscopy.acquire.sources import find_dataset
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem

FIRST, SECOND = IMAGE_FOLDERS


def test_files_are_sorted_by_their_published_names(dataset: Path) -> None:
    (dataset / FIRST / "ISIC_0.jpg").rename(dataset / FIRST / "ISIC_0.JPEG")
    contents = find_dataset(dataset)
    assert list(contents.images) == sorted(
        [f"{FIRST}/ISIC_{number}.jpg" for number in (0, 2, 4, 6)]
        + [f"{SECOND}/ISIC_{number}.jpg" for number in (1, 3, 5, 7)]
    )
    assert contents.images[f"{FIRST}/ISIC_0.jpg"] == [Entry((FIRST, "ISIC_0.JPEG"), dataset / FIRST / "ISIC_0.JPEG")]
    assert contents.table == [Entry((METADATA,), dataset / METADATA)]
    assert (contents.masks, contents.problems, contents.missing) == ({}, [], [])
    assert contents.complete


def test_a_file_in_a_folder_comes_before_one_in_a_zip(dataset: Path) -> None:
    with zipfile.ZipFile(dataset / "A.zip", "w") as file:
        file.writestr(f"A/{FIRST}/ISIC_0.jpg", b"x")
    first, second = find_dataset(dataset).images[f"{FIRST}/ISIC_0.jpg"]
    assert (first.member, first.path) == (None, dataset / FIRST / "ISIC_0.jpg")
    assert second.names == ("A", "A", FIRST, "ISIC_0.jpg")
    assert str(second) == f"A.zip: A/{FIRST}/ISIC_0.jpg"


def test_the_innermost_folder_decides(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / f"{FIRST}.zip", "w") as file:
        file.writestr(f"{SECOND}/ISIC_0.jpg", b"x")
        file.writestr(f"{SECOND}/masks/ISIC_0_segmentation.png", b"x")
    contents = find_dataset(tmp_path)
    assert list(contents.images) == [f"{SECOND}/ISIC_0.jpg"]
    assert list(contents.masks) == ["ISIC_0_segmentation.png"]
    assert contents.problems == []


def test_zips_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / f"{FIRST}.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("ISIC_0.jpg", random.Random(1).randbytes(10_000))
    damaged_bytes = bytearray(path.read_bytes())
    damaged_bytes[100:9_000] = bytes(8_900)
    path.write_bytes(damaged_bytes)
    assert list(find_dataset(path).images) == [f"{FIRST}/ISIC_0.jpg"]
    assert find_dataset(path).problems == []


@pytest.mark.parametrize("name", [METADATA, FIRST, SECOND])
def test_missing_table_and_folders(dataset: Path, name: str) -> None:
    path = dataset / name
    path.unlink() if path.is_file() else shutil.rmtree(path)
    assert find_dataset(dataset).missing == [name]
    assert not find_dataset(dataset).complete


def test_other_folders_are_not_entered(dataset: Path) -> None:
    (dataset / "dataset").mkdir()
    (dataset / FIRST).rename(dataset / "dataset" / FIRST)
    assert find_dataset(dataset).missing == [FIRST]


def test_a_broken_link_is_no_image(dataset: Path) -> None:
    (dataset / FIRST / "ISIC_9.jpg").symlink_to(dataset / "nowhere")
    assert f"{FIRST}/ISIC_9.jpg" not in find_dataset(dataset).images


@pytest.mark.parametrize("name", ["absent", "absent.zip"])
def test_a_missing_source_is_fatal(tmp_path: Path, name: str) -> None:
    [problem] = find_dataset(tmp_path / name).fatal
    assert problem[:3] == ("file that cannot be read as a zip", name, "No such file or directory")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        (FIRST, True),
        (f"{SECOND.lower()}.ZIP", True),
        ("HAM10000_metadata", True),
        ("HAM10000_segmentations_lesion_tschandl", True),
        ("HAM10000_images", False),
        ("dataset.zip", False),
        ("hmnist_28_28_L.csv", False),
    ],
)
def test_names_of_the_dataset(name: str, known: bool) -> None:
    assert is_dataset_name(name) is known


def damaged(path: Path) -> None:
    path.write_text("<html>Sign in</html>")


def with_a_path_outside(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("../notes.txt", b"x")


def outer(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{FIRST}.zip", b"x")


@pytest.mark.parametrize("make", [damaged, with_a_path_outside, outer])
def test_a_zip_of_an_unknown_name_matters_if_something_is_missing(dataset: Path, make: Callable[[Path], None]) -> None:
    make(dataset / "of-mine.zip")
    assert find_dataset(dataset).problems == []
    assert find_dataset(dataset).complete
    (dataset / METADATA).unlink()
    [problem] = find_dataset(dataset).problems
    assert "of-mine.zip" in problem.name


@pytest.mark.parametrize("make", [damaged, with_a_path_outside])
def test_a_zip_of_a_known_name_always_matters(dataset: Path, make: Callable[[Path], None]) -> None:
    make(dataset / f"{FIRST}.zip")
    assert len(find_dataset(dataset).problems) == 1


@pytest.mark.parametrize("kind", ["folder", "zip", "name of a zip"])
def test_names_that_are_not_utf_8_are_escaped(dataset: Path, kind: str) -> None:
    masks = dataset / "masks"
    masks.mkdir()
    invalid = os.fsdecode(b"ISIC_\xff")
    if kind == "folder":
        (dataset / FIRST / f"{invalid}.jpg").write_bytes(b"x")
        (masks / f"{invalid}_segmentation.png").write_bytes(b"x")
    elif kind == "zip":
        with zipfile.ZipFile(dataset / f"{FIRST}.zip", "w") as file:
            file.writestr("ISIC_é.jpg", b"x")
        damaged_bytes = (dataset / f"{FIRST}.zip").read_bytes().replace("é".encode(), b"\xff\xff")
        (dataset / f"{FIRST}.zip").write_bytes(damaged_bytes)
    else:
        (dataset / f"masks {invalid}.zip").write_bytes(b"x")
    contents = find_dataset(dataset)
    assert len(contents.images) == 8
    assert contents.masks == {}
    assert [problem.kind for problem in contents.problems] == (
        ["file name that is not UTF-8"] * 2 if kind == "folder" else ["file that cannot be read as a zip"]
    )
    for problem in contents.problems:
        assert all(text.isprintable() for text in problem[:3])
    assert kind == "zip" or "\\udcff" in contents.problems[0].name


def test_names_that_differ_in_letter_case_only_are_left_out(dataset: Path) -> None:
    for folder, name in ((FIRST, "isic_0.jpg"), ("masks", "a_segmentation.png"), ("masks", "A_segmentation.png")):
        (dataset / folder).mkdir(exist_ok=True)
        (dataset / folder / name).write_bytes(b"x")
    contents = find_dataset(dataset)
    assert f"{FIRST}/ISIC_0.jpg" not in contents.images
    assert len(contents.images) == 7
    assert contents.masks == {}
    kind = "file names that differ in letter case only"
    assert contents.problems == [
        Problem(kind, "ISIC_0.jpg, isic_0.jpg", "", ("ISIC_0", "isic_0")),
        Problem(kind, "A_segmentation.png, a_segmentation.png"),
    ]


def test_a_loop_of_links_is_ignored(dataset: Path) -> None:
    for name in (FIRST.lower(), "masks", "ISIC_9.jpg", f"{FIRST}/ISIC_9.jpg"):
        (dataset / name).symlink_to(dataset / name)
    assert find_dataset(dataset).complete
    assert len(find_dataset(dataset).images) == 8


def test_any_invalid_path_is_reported(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path / "loop", tmp_path / ("x" * 300), Path("~nosuchuser/x"), Path("\0")):
        assert len(find_dataset(path).fatal) == 1
