import errno
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from dermoscopy.acquire.params import Data, Limits
from dermoscopy.check.source import source_problems

PARTS = ("HAM10000_images_part_1", "HAM10000_images_part_2")


def problems(path, source="directory", strict=True):
    limits = Limits(pixels=1, unpacked=1.0)
    return source_problems(Data(source=source, path=path and str(path), strict=strict, limits=limits, weights={}))


def pack(path, members):
    with zipfile.ZipFile(path, "w") as dataset:
        for name, content in members.items():
            dataset.writestr(name, content)


def pack_parts(dataset):
    for part in PARTS:
        pack(dataset / f"{part}.zip", {"ISIC_1.jpg": "x"})
        shutil.rmtree(dataset / part)


def test_the_archive_passes(dataset):
    assert problems(dataset) == []


@pytest.mark.parametrize("table", ["HAM10000_metadata.tab", "HAM10000_metadata"])
def test_the_zips_and_the_tab_file_of_the_dataverse_pass(dataset, table):
    (dataset / "HAM10000_metadata.csv").rename(dataset / table)
    pack_parts(dataset)
    assert problems(dataset) == []


def test_one_zip_passes(tmp_path):
    path = tmp_path / "dataset.zip"
    pack(path, {"HAM10000_metadata.csv": "x"} | {f"{part}/ISIC_1.jpg": "x" for part in PARTS})
    assert problems(path) == problems(tmp_path) == []


def test_without_strictness_one_folder_will_do_but_not_none_and_never_no_table(dataset):
    shutil.rmtree(dataset / PARTS[1])
    assert problems(dataset) != []
    assert problems(dataset, strict=False) == []
    shutil.rmtree(dataset / PARTS[0])
    assert problems(dataset, strict=False) != []


def test_without_strictness_the_table_is_still_needed(dataset):
    (dataset / "HAM10000_metadata.csv").unlink()
    assert problems(dataset, strict=False) != []


@pytest.mark.parametrize("source", ["simulated", "download"])
def test_a_path_beside_another_source_is_not_looked_at(source):
    assert problems("/nowhere", source=source) == []
    assert problems(None, source=source) == []


def test_no_path():
    (line,) = problems(None)
    assert line.startswith("data.path: received null;")
    assert "make run DATA=path" in line


def test_no_folder(dataset):
    (line,) = problems(dataset.parent / "ham1000")
    assert line.endswith(f"expected a folder or a zip, and this is not there. Did you mean {dataset}?")


def test_no_zip(dataset):
    (dataset / "dataset.zip").touch()
    (line,) = problems(dataset / "achive.zip")
    assert line.endswith(f"expected a folder or a zip, and this is not there. Did you mean {dataset / 'dataset.zip'}?")


def test_no_folder_above_either():
    (line,) = problems("/nowhere/at/all")
    assert line.endswith("expected a folder or a zip, and this is not there.")


def test_a_file_that_is_no_zip(dataset):
    (line,) = problems(dataset / "HAM10000_metadata.csv")
    assert "file that cannot be read as a zip, 1: HAM10000_metadata.csv (File is not a zip file)." in line
    assert line.endswith(f"Did you mean {dataset}?")


def test_a_zip_that_is_none(dataset):
    shutil.rmtree(dataset / PARTS[0])
    (dataset / f"{PARTS[0]}.zip").write_text("<html>Sign in</html>")
    (line,) = problems(dataset)
    assert line.endswith(f"file that cannot be read as a zip, 1: {PARTS[0]}.zip (File is not a zip file).")


def test_zips_within_a_zip(dataset):
    pack_parts(dataset)
    path = dataset.parent / "dataverse_files.zip"
    pack(path, {f"{part}.zip": (dataset / f"{part}.zip").read_bytes() for part in PARTS})
    (line,) = problems(path)
    assert "zip inside a zip, 2: dataverse_files.zip: HAM10000_images_part_1.zip (unpack the outer one)" in line


def test_one_of_the_zips(dataset):
    pack_parts(dataset)
    (line,) = problems(dataset / f"{PARTS[0]}.zip")
    assert "it lacks HAM10000_metadata.csv, HAM10000_images_part_2; found ISIC_1.jpg." in line
    assert line.endswith(f"Did you mean {dataset}?")


def test_a_zip_of_something_else(tmp_path):
    pack(tmp_path / "images.zip", {"train/ISIC_1.jpg": "x", "test/ISIC_2.jpg": "x", ".hidden": "x"})
    (line,) = problems(tmp_path / "images.zip")
    assert line.endswith("found test, train.")


def test_a_name_misspelt(dataset):
    (dataset / PARTS[1]).rename(dataset / "HAM10000_images_part2")
    (dataset / "HAM10000_metadata.csv").rename(dataset / "HAM10000_meta.csv")
    (line,) = problems(dataset)
    assert line.endswith(
        "If HAM10000_meta.csv is HAM10000_metadata.csv, rename it. "
        "If HAM10000_images_part2 is HAM10000_images_part_2, rename it."
    )


def test_a_zip_one_folder_down(dataset):
    pack(dataset.parent / "dataset.zip", {"a": "x"})
    (line,) = problems(dataset.parent)
    assert "found dataset.zip, ham10000." in line
    assert line.endswith(f"Did you mean {dataset}?")


@pytest.mark.parametrize("inside", ["..", "HAM10000_images_part_1"])
def test_one_folder_off(dataset, inside):
    (line,) = problems((dataset / inside).resolve())
    assert "lacks HAM10000_metadata.csv, HAM10000_images_part_1, HAM10000_images_part_2" in line
    assert line.endswith(f"Did you mean {dataset}?")


def test_what_is_missing_and_what_is_there(dataset):
    (dataset / "HAM10000_images_part_2" / "ISIC_2.jpg").unlink()
    (line,) = problems(dataset)
    assert "it lacks HAM10000_images_part_2;" in line
    assert "found HAM10000_images_part_1, HAM10000_images_part_2, HAM10000_metadata.csv." in line


def test_an_empty_folder(tmp_path):
    (line,) = problems(tmp_path)
    assert line.endswith("found nothing.")


def test_a_crowded_folder_is_not_told_whole(tmp_path):
    for number in range(20):
        (tmp_path / f"{number:02}.jpg").touch()
    (line,) = problems(tmp_path)
    assert line.endswith("05.jpg and 14 more.")


LONG = "x" * 300


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("~nosuchuser/x", "this is not there."),
        ("{folder}/" + LONG, "this cannot be reached (File name too long)."),
        ("{folder}/loop", "this cannot be reached (Too many levels of symbolic links)."),
        ("{folder}/loop/x", "this cannot be reached (Too many levels of symbolic links)."),
        ("{folder}/shut/x", "this cannot be reached (Permission denied)."),
        ("\0", "this cannot be reached (embedded null byte)."),
    ],
)
def test_an_odd_path_is_one_line(tmp_path, monkeypatch, odd, said):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    shut(monkeypatch, tmp_path / "shut")
    (line,) = problems(odd.format(folder=tmp_path))
    assert line.endswith(f"; expected a folder or a zip, and {said}")


def shut(monkeypatch, folder):
    """Make a folder nobody may look into; root may look into any."""

    def refuse(method):
        def refusing(path, *arguments, **options):
            if folder in (path, *path.parents):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return method(path, *arguments, **options)

        return refusing

    for name in ("stat", "iterdir"):
        monkeypatch.setattr(Path, name, refuse(getattr(Path, name)))


def test_neighbours_that_cannot_be_looked_at_are_none(dataset, monkeypatch):
    (dataset.parent / "loop").symlink_to(dataset.parent / "loop")
    shut(monkeypatch, dataset.parent / "a")
    (dataset.parent / "a").symlink_to(dataset)
    (line,) = problems(dataset.parent)
    assert line.endswith(f"Did you mean {dataset}?")


def test_a_neighbour_s_name_is_told_escaped(dataset):
    (dataset / PARTS[1]).rename(dataset / os.fsdecode(b"\xff\r"))
    (line,) = problems(dataset)
    assert line.isprintable()
    assert "\\udcff\\r" in line
