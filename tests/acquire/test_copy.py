import errno
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from dermoscopy.acquire.copy import copy_dataset
from dermoscopy.acquire.params import Limits
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem

FIRST, SECOND = IMAGE_FOLDERS
LIMITS = Limits(pixels=10**6, unpacked=1.0)


def copy(source: Path, folder: Path, limits: Limits = LIMITS) -> list[Problem]:
    return copy_dataset(source, folder / "raw", folder / "masks", limits)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pack(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)


def files_of(folder: Path) -> list[tuple[str, bytes]]:
    return sorted(contents(folder).items())


def zip_folders(dataset: Path, prefix: str = "") -> None:
    for folder in IMAGE_FOLDERS:
        pack(dataset / f"{folder}.zip", [(prefix + name, content) for name, content in files_of(dataset / folder)])
        shutil.rmtree(dataset / folder)


def zips_with_folders_and_junk(dataset: Path) -> None:
    for folder in IMAGE_FOLDERS:
        members = [(f"{folder}/{name}", content) for name, content in files_of(dataset / folder)]
        junk = [(f"__MACOSX/{folder}/{name}", b"x") for name, _ in files_of(dataset / folder)]
        pack(dataset / f"{folder}.zip", [(f"{folder}/", b""), *members, *junk, (f"{folder}/.DS_Store", b"x")])
        shutil.rmtree(dataset / folder)


def folder_and_zip(dataset: Path) -> None:
    pack(dataset / f"{SECOND}.ZIP", files_of(dataset / SECOND))
    shutil.rmtree(dataset / SECOND)


def kaggle(dataset: Path, name: str = "dataset.zip") -> None:
    """Pack a single zip that contains the folders a second time in lower case."""
    files = files_of(dataset)
    copies = [(path.replace("HAM10000_images", "ham10000_images"), content) for path, content in files if "/" in path]
    shutil.rmtree(dataset)
    dataset.mkdir()
    pack(dataset / name, [*files, *copies, ("hmnist_28_28_L.csv", b"pixel0000\n")])


def nested(dataset: Path) -> None:
    for folder in IMAGE_FOLDERS:
        (dataset / folder).rename(dataset / "moving")
        (dataset / folder).mkdir()
        (dataset / "moving").rename(dataset / folder / folder)


def lower_case(dataset: Path) -> None:
    for folder in IMAGE_FOLDERS:
        (dataset / folder).rename(dataset / folder.lower())


def other_endings(dataset: Path) -> None:
    for path, ending in zip(sorted((dataset / FIRST).iterdir()), (".JPG", ".jpeg", ".Jpeg", ".jpg"), strict=True):
        path.rename(path.with_suffix(ending))


def junk(dataset: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "readme.txt", "._ISIC_0.jpg", ".hidden.png", "jpg"):
        (dataset / FIRST / name).write_text("x")
    (dataset / "overview.png").write_text("x")
    (dataset / "images").mkdir()
    (dataset / "images" / "ISIC_9.jpg").write_text("x")


def unpacked_next_to_its_zip(dataset: Path) -> None:
    pack(dataset / "dataset.zip", files_of(dataset))


def linked(dataset: Path) -> None:
    (dataset / FIRST).rename(dataset.parent / "elsewhere")
    (dataset / FIRST).symlink_to(dataset.parent / "elsewhere")


LAYOUTS: dict[str, Callable[[Path], object]] = {
    "as published": lambda dataset: None,
    "tab": lambda dataset: (dataset / METADATA).rename(dataset / "HAM10000_metadata.tab"),
    "no ending": lambda dataset: (dataset / METADATA).rename(dataset / "HAM10000_metadata"),
    "csv and tab": lambda dataset: (dataset / "HAM10000_metadata.tab").write_text(
        (dataset / METADATA).read_text().replace(",", "\t").replace("45.0", "45")
    ),
    "zips": zip_folders,
    "zips, folders within": lambda dataset: zip_folders(dataset, "images/"),
    "zips from Windows": lambda dataset: zip_folders(dataset, "images\\"),
    "zips with junk": zips_with_folders_and_junk,
    "folder and zip": folder_and_zip,
    "Kaggle": kaggle,
    "Kaggle, its own name": lambda dataset: kaggle(dataset, "skin-cancer-mnist-ham10000.zip"),
    "Kaggle, unpacked next to its zip": unpacked_next_to_its_zip,
    "nested": nested,
    "lower case": lower_case,
    "other endings": other_endings,
    "junk": junk,
    "linked": linked,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_copied_alike(dataset: Path, tmp_path: Path, layout: str) -> None:
    published = contents(dataset)
    LAYOUTS[layout](dataset)
    assert copy(dataset, tmp_path) == []
    assert contents(tmp_path / "raw") == published
    assert contents(tmp_path / "masks") == {}


def test_the_source_may_be_a_single_zip(dataset: Path, tmp_path: Path) -> None:
    published = contents(dataset)
    kaggle(dataset)
    assert copy(dataset / "dataset.zip", tmp_path) == []
    assert contents(tmp_path / "raw") == published


def test_the_table_is_copied_byte_for_byte(dataset: Path, tmp_path: Path) -> None:
    table = b'\xef\xbb\xbf"lesion_id"\t"image_id"\r\n"HAM_0"\t"ISIC_0"\r\n'
    (dataset / METADATA).unlink()
    (dataset / "HAM10000_metadata.tab").write_bytes(table)
    copy(dataset, tmp_path)
    assert (tmp_path / "raw" / METADATA).read_bytes() == table


def test_copied_files_are_no_links(dataset: Path, tmp_path: Path) -> None:
    linked(dataset)
    copy(dataset, tmp_path)
    image = tmp_path / "raw" / FIRST / "ISIC_0.jpg"
    assert not image.is_symlink()
    assert image.stat().st_nlink == 1
    assert not (tmp_path / "raw" / FIRST).is_symlink()


@pytest.mark.parametrize("name", ["HAM10000_segmentations_lesion_tschandl", "my Masks"])
@pytest.mark.parametrize("shape", ["folder", "nested", "zip", "zip with a folder"])
def test_masks_are_copied_if_there_are_any(dataset: Path, tmp_path: Path, name: str, shape: str) -> None:
    masks = {f"ISIC_{number}_segmentation.png": bytes([number]) for number in range(3)}
    files = {**masks, "ATTRIBUTION.txt": b"x", "ISIC_7.png": b"x"}
    folder = dataset / name / (name if shape == "nested" else "")
    if shape.startswith("zip"):
        prefix = f"{name}/" if shape == "zip with a folder" else ""
        pack(dataset / f"{name}.zip", [(prefix + file, content) for file, content in files.items()])
    else:
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
    assert copy(dataset, tmp_path) == []
    assert contents(tmp_path / "masks") == masks


def test_missing_files_are_left_to_verification(dataset: Path, tmp_path: Path) -> None:
    shutil.rmtree(dataset / SECOND)
    (dataset / METADATA).unlink()
    assert copy(dataset, tmp_path) == []
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [FIRST]


def test_an_image_of_another_format_is_reported(dataset: Path, tmp_path: Path) -> None:
    (dataset / FIRST / "ISIC_0.jpg").rename(dataset / FIRST / "ISIC_0.PNG")
    assert copy(dataset, tmp_path) == [Problem("file that is not a .jpg", "ISIC_0.PNG")]
    assert len(contents(tmp_path / "raw")) == 8


@pytest.mark.parametrize("content", ["equal", "different"])
def test_a_file_that_exists_twice_must_have_equal_content(dataset: Path, tmp_path: Path, content: str) -> None:
    duplicate = dataset / FIRST.lower() / "ISIC_0.JPEG"
    duplicate.parent.mkdir()
    shutil.copyfile(dataset / FIRST / "ISIC_0.jpg", duplicate)
    if content == "different":
        duplicate.write_bytes(b"other")
    paths = f"{FIRST}/ISIC_0.jpg and {FIRST.lower()}/ISIC_0.JPEG"
    problem = Problem("file that exists twice with different content", "ISIC_0.jpg", paths, ("ISIC_0",))
    assert copy(dataset, tmp_path) == ([problem] if content == "different" else [])


def test_a_zip_with_different_files_of_one_name(dataset: Path, tmp_path: Path) -> None:
    files = files_of(dataset)
    shutil.rmtree(dataset)
    pack(tmp_path / "dataset.zip", [*files, (f"{FIRST.lower()}/ISIC_0.jpg", b"other"), ("again/" + METADATA, b"other")])
    problems = copy(tmp_path / "dataset.zip", tmp_path)
    assert [(problem.name, problem.outcome) for problem in problems] == [
        ("dataset.zip: HAM10000_metadata.csv and dataset.zip: again/HAM10000_metadata.csv", "fatal"),
    ]


@pytest.mark.parametrize(
    "name", ["../outside.jpg", "/tmp/outside.jpg", "C:\\outside.jpg", f"{FIRST}/../../outside.jpg"]
)
def test_a_member_with_a_path_outside_the_zip_is_reported_and_not_written(
    dataset: Path, tmp_path: Path, name: str
) -> None:
    published = contents(dataset)
    pack(dataset / f"{SECOND}.zip", [*files_of(dataset / SECOND), (name, b"x")])
    shutil.rmtree(dataset / SECOND)
    target = tmp_path / "a" / "b"
    assert copy(dataset, target) == [Problem("zip member with a path outside the zip", f"{SECOND}.zip: {name}")]
    assert contents(tmp_path / "a") == {f"b/raw/{path}": content for path, content in published.items()}
    assert not Path("/tmp/outside.jpg").exists()


def test_a_damaged_member_is_reported(dataset: Path, tmp_path: Path) -> None:
    zip_folders(dataset)
    path = dataset / f"{FIRST}.zip"
    with zipfile.ZipFile(path) as file:
        start = file.getinfo("ISIC_2.jpg").header_offset + 60
    damaged = bytearray(path.read_bytes())
    damaged[start : start + 20] = bytes(20)
    path.write_bytes(damaged)
    [problem] = copy(dataset, tmp_path)
    assert problem.kind == "damaged member of a zip"
    assert problem.name == f"{FIRST}.zip: ISIC_2.jpg"
    assert (problem.images, problem.outcome) == (("ISIC_2",), "left out")
    assert not (tmp_path / "raw" / FIRST / "ISIC_2.jpg").exists()
    assert len(contents(tmp_path / "raw")) == 8


def test_an_encrypted_table_is_fatal(dataset: Path, tmp_path: Path) -> None:
    pack(dataset / "dataset.zip", [(METADATA, (dataset / METADATA).read_bytes())])
    (dataset / METADATA).unlink()
    damaged = bytearray((dataset / "dataset.zip").read_bytes())
    damaged[damaged.index(b"PK\x01\x02") + 8] |= 1
    (dataset / "dataset.zip").write_bytes(damaged)
    [problem] = copy(dataset, tmp_path)
    assert problem[:2] == ("encrypted member of a zip", f"dataset.zip: {METADATA}")
    assert problem.outcome == "fatal"


def test_a_file_that_is_no_zip_is_fatal(dataset: Path, tmp_path: Path) -> None:
    (dataset / f"{SECOND}.zip").write_text("<html>Sign in</html>")
    problem = Problem("file that cannot be read as a zip", f"{SECOND}.zip", "File is not a zip file", outcome="fatal")
    assert copy(dataset, tmp_path) == [problem]
    assert not (tmp_path / "raw").exists()


def test_a_zip_inside_a_zip_is_not_opened(dataset: Path, tmp_path: Path) -> None:
    zip_folders(dataset)
    pack(tmp_path / "dataverse_files.zip", files_of(dataset))
    problems = copy(tmp_path / "dataverse_files.zip", tmp_path)
    assert [(problem.kind, problem.outcome) for problem in problems] == [("zip inside a zip", "fatal")] * 2


@pytest.mark.parametrize("stated", ["correct", "too small"])
def test_zips_unpack_to_the_limit_at_most(
    dataset: Path, tmp_path: Path, stated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kaggle(dataset)
    if stated == "too small":
        monkeypatch.setattr("dermoscopy.acquire.copy._stated_size", lambda files: 0)
    [problem] = copy(dataset, tmp_path, Limits(pixels=1, unpacked=2e-6))
    assert problem[:2] == ("zips that unpack to more than data.limits.unpacked", "2e-06 GB")
    assert problem.outcome == "fatal"
    written = sum(map(len, contents(tmp_path / "raw").values()))
    assert written <= 2_000
    assert (written > 0) == (stated == "too small")


def test_the_limit_does_not_apply_to_folders(dataset: Path, tmp_path: Path) -> None:
    assert copy(dataset, tmp_path, Limits(pixels=1, unpacked=1e-9)) == []


def test_an_unreadable_image_is_reported(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copyfile = shutil.copyfile

    def fail(source: Path, target: Path) -> None:
        if source.name == "ISIC_0.jpg":
            raise OSError(number, os.strerror(number))
        copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", fail)
    number = errno.EACCES
    problem = Problem("file that cannot be copied", "ISIC_0.jpg", "Permission denied", ("ISIC_0",))
    assert copy(dataset, tmp_path) == [problem]
    for number in (errno.ENOSPC, errno.EDQUOT):
        with pytest.raises(OSError, match=os.strerror(number)):
            copy(dataset, tmp_path)


def test_a_partly_copied_file_is_removed(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(shutil, "copyfile", fail)
    assert len(copy(dataset, tmp_path)) == 9
    assert contents(tmp_path / "raw") == {}


def test_the_source_is_unchanged(dataset: Path, tmp_path: Path) -> None:
    zip_folders(dataset)
    before = contents(dataset)
    copy(dataset, tmp_path)
    assert contents(dataset) == before
