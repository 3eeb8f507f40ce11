import pytest

from dermoscopy.params.data import Data
from dermoscopy.preflight.source import source_problems


def problems(path, source="directory"):
    return source_problems(Data(source=source, path=path and str(path), weights={}))


def test_the_archive_passes(archive):
    assert problems(archive) == []


def test_a_path_beside_the_simulated_archive_is_not_looked_at():
    assert problems("/nowhere", source="simulated") == []


def test_no_path():
    (line,) = problems(None)
    assert line.startswith("data.path: received null;")
    assert "make run DATA=path" in line


def test_no_folder(archive):
    (line,) = problems(archive.parent / "ham1000")
    assert line.endswith(f"there is no such folder. Did you mean {archive}?")


def test_no_folder_above_either():
    (line,) = problems("/nowhere/at/all")
    assert line.endswith("there is no such folder.")


def test_a_file(archive):
    (line,) = problems(archive / "HAM10000_metadata.csv")
    assert line.endswith("unpack it first.")


@pytest.mark.parametrize("inside", ["..", "HAM10000_images_part_1"])
def test_one_folder_off(archive, inside):
    (line,) = problems((archive / inside).resolve())
    assert "lacks HAM10000_metadata.csv, HAM10000_images_part_1, HAM10000_images_part_2" in line
    assert line.endswith(f"Did you mean {archive}?")


def test_what_is_missing_and_what_is_there(archive):
    (archive / "HAM10000_images_part_2" / "ISIC_2.jpg").unlink()
    (line,) = problems(archive)
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
