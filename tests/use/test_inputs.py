"""Images are found in files, folders, patterns and zips, in a fixed order, and nowhere else."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dermoscopy.use.inputs import find_images
from tests.use.hostile import jpeg, packed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working directory with images, other files and hidden ones."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.JPG", "a.jpeg", "sub/deep/c.png", "sub/d.jpg", "table.csv", ".hidden.jpg", "__MACOSX/e.jpg"):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg())
    return tmp_path / "images"


def names(*paths: object) -> list[str]:
    return [found.name for found in find_images(paths)]


def problems(*paths: object) -> dict[str, str]:
    return {found.name: found.problem for found in find_images(paths) if found.problem}


@pytest.mark.usefixtures("folder")
def test_a_folder_gives_its_images_sorted_also_those_of_its_folders() -> None:
    assert names("images") == ["images/a.jpeg", "images/b.JPG", "images/sub/d.jpg", "images/sub/deep/c.png"]
    assert problems("images") == {}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("images/*.j*", ["images/a.jpeg"]),
        ("images/[ab].*", ["images/a.jpeg", "images/b.JPG"]),
        ("images/su?", ["images/sub/d.jpg", "images/sub/deep/c.png"]),
        ("images/sub/**/*.png", ["images/sub/deep/c.png"]),
        ("images/sub/**/*", ["images/sub/d.jpg", "images/sub/deep/c.png"]),
    ],
)
def test_a_pattern_gives_its_matches_sorted(pattern: str, expected: list[str]) -> None:
    assert names(pattern) == expected


def test_absolute_patterns_are_possible(folder: Path) -> None:
    assert names(f"{folder}/*.jpeg") == [str(folder / "a.jpeg")]


def test_an_existing_name_with_brackets_is_no_pattern(folder: Path) -> None:
    (folder / "x[1].jpg").write_bytes(jpeg())
    assert names("images/x[1].jpg") == ["images/x[1].jpg"]


@pytest.mark.usefixtures("folder")
def test_paths_keep_their_order_and_may_repeat() -> None:
    assert names("images/b.JPG", Path("images/a.jpeg"), "images/b.JPG") == [
        "images/b.JPG",
        "images/a.jpeg",
        "images/b.JPG",
    ]


@pytest.mark.usefixtures("folder")
def test_a_named_file_is_read_whatever_its_ending_and_a_link_is_followed() -> None:
    Path("link.jpg").symlink_to("images/a.jpeg")
    assert names("images/table.csv", "link.jpg") == ["images/table.csv", "link.jpg"]
    assert problems("images/table.csv", "link.jpg") == {}


def test_an_empty_text_is_no_path(folder: Path) -> None:
    assert "No such file" in problems("")[""]


def test_links_inside_a_folder_are_read_and_those_out_of_it_are_not(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x.jpg").write_bytes(jpeg())
    (tmp_path / "other/x.csv").write_bytes(b"")
    (folder / "same.jpg").symlink_to(folder / "a.jpeg")
    (folder / "again").symlink_to(folder / "sub")
    (folder / "loop").symlink_to(folder)
    (folder / "out").symlink_to(tmp_path / "other")
    (folder / "out.csv").symlink_to(tmp_path / "other/x.csv")
    (folder / "out.jpg").symlink_to(tmp_path / "other/x.jpg")
    reason = "symbolic link out of the folder"
    assert problems("images") == {"images/out": reason, "images/out.jpg": reason}
    assert len(names("images")) == 4 + 1 + 2


def test_a_pattern_does_not_follow_a_loop_of_links(folder: Path) -> None:
    for name in ("loop", "loop2"):
        (folder / name).symlink_to(folder)
    assert names("images/**/*.jpeg") == ["images/a.jpeg"]


def test_zips_and_odd_names_in_a_folder_have_a_reason(folder: Path) -> None:
    (folder / "a.zip").write_bytes(packed({"a.jpg": jpeg()}))
    (folder / "sub/x.png").mkdir()
    assert problems("images") == {
        "images/a.zip": "zip in a folder, which is not opened: give its path",
        "images/sub/x.png": "folder with the name of an image",
    }


def test_very_deep_folders_are_searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    try:
        for _ in range(1200):
            Path("n").mkdir()
            os.chdir("n")
        Path("deep.jpg").write_bytes(jpeg())
        os.chdir(folder)
        assert names("n")[-1].endswith("/n/deep.jpg")
    finally:
        subprocess.run(["rm", "-r", folder / "n"], check=True)  # shutil.rmtree of pytest is recursive


def test_a_zip_gives_its_images_sorted(folder: Path) -> None:
    members = {"b/2.JPG": b"", "1.png": b"", "__MACOSX/b/._2.jpg": b"", ".x.jpg": b"", "table.csv": b"", "c/": b""}
    Path("a.zip").write_bytes(packed(members))
    assert names("a.zip") == ["a.zip: 1.png", "a.zip: b/2.JPG"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["../out.jpg", "/etc/x.jpg", "a/../../x.jpg", "C:\\x.jpg", "..\\x.jpg"])
def test_paths_that_lead_out_of_a_zip_have_a_reason(name: str) -> None:
    Path("a.zip").write_bytes(packed({name: jpeg(), "fine.jpg": jpeg()}))
    assert list(problems("a.zip").values()) == ["path that leads outside the zip"]
    assert len(names("a.zip")) == 2


@pytest.mark.usefixtures("folder")
def test_a_zip_without_images_has_a_reason() -> None:
    Path("a.zip").write_bytes(packed({"table.csv": b""}))
    assert "zip without a file" in problems("a.zip")["a.zip"]


def test_arrays_have_their_position_as_name() -> None:
    one = np.zeros((20, 20, 3), np.uint8)
    assert names(one, "x.jpg", one) == ["array 0", "x.jpg", "array 2"]
    assert [found.name for found in find_images(one)] == ["array 0"]
    assert [found.name for found in find_images(np.stack([one, one]))] == ["array 0", "array 1"]
    assert [found.name for found in find_images("x.jpg")] == ["x.jpg"]
