import errno
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from dermoscopy.acquire.params import Data, Limits
from dermoscopy.check.source import source_problems

IMAGE_FOLDERS = ("HAM10000_images_part_1", "HAM10000_images_part_2")


def problems(path, source="directory", strict=True):
    limits = Limits(pixels=1, unpacked=1.0)
    return source_problems(Data(source=source, path=path and str(path), strict=strict, limits=limits, weights={}))


def pack(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def pack_folders(dataset):
    for folder in IMAGE_FOLDERS:
        pack(dataset / f"{folder}.zip", {"ISIC_1.jpg": "x"})
        shutil.rmtree(dataset / folder)


def test_the_dataset_passes(dataset):
    assert problems(dataset) == []


@pytest.mark.parametrize("table", ["HAM10000_metadata.tab", "HAM10000_metadata"])
def test_the_zips_and_the_tab_file_of_the_dataverse_pass(dataset, table):
    (dataset / "HAM10000_metadata.csv").rename(dataset / table)
    pack_folders(dataset)
    assert problems(dataset) == []


def test_a_single_zip_passes(tmp_path):
    path = tmp_path / "dataset.zip"
    pack(path, {"HAM10000_metadata.csv": "x"} | {f"{folder}/ISIC_1.jpg": "x" for folder in IMAGE_FOLDERS})
    assert problems(path) == problems(tmp_path) == []


def test_if_not_strict_one_image_folder_is_enough(dataset):
    shutil.rmtree(dataset / IMAGE_FOLDERS[1])
    assert problems(dataset) != []
    assert problems(dataset, strict=False) == []
    shutil.rmtree(dataset / IMAGE_FOLDERS[0])
    assert problems(dataset, strict=False) != []


def test_if_not_strict_the_table_is_still_needed(dataset):
    (dataset / "HAM10000_metadata.csv").unlink()
    assert problems(dataset, strict=False) != []


@pytest.mark.parametrize("source", ["simulated", "download"])
def test_the_path_is_ignored_for_other_sources(source):
    assert problems("/nowhere", source=source) == []
    assert problems(None, source=source) == []


def test_a_missing_path_is_reported():
    (line,) = problems(None)
    assert line.startswith("data.path: received null;")
    assert "make run DATA=path" in line


def test_a_missing_folder_is_reported_with_a_similar_one(dataset):
    (line,) = problems(dataset.parent / "ham1000")
    assert "does not exist" in line
    assert line.endswith(f" {dataset}?")


def pack_dataset(path):
    pack(path, {"HAM10000_metadata.csv": "x"} | {f"{folder}/ISIC_1.jpg": "x" for folder in IMAGE_FOLDERS})


def test_a_missing_zip_is_reported_with_a_similar_one(dataset):
    pack_dataset(dataset / "dataset.zip")
    (line,) = problems(dataset / "datset.zip")
    assert "does not exist" in line
    assert line.endswith(f" {dataset / 'dataset.zip'}?")


@pytest.mark.parametrize("name", ["ham1000", "HAM10000 ", "ham10000.zip"])
def test_of_similar_siblings_only_one_with_a_dataset_is_suggested(dataset, name):
    for sibling in ("ham1000x", "ham1000y", "ham"):
        (dataset.parent / sibling).mkdir()
    (dataset.parent / "ham1000x" / "notes.csv").touch()
    (line,) = problems(dataset.parent / name)
    assert line.endswith(f"does not exist. Did you mean {dataset}?")


@pytest.mark.parametrize("sibling", [".npm", "npn", "npm.zip", "npm.tar"])
def test_a_sibling_without_a_dataset_is_not_suggested(tmp_path, sibling):
    folder = tmp_path / sibling
    folder.touch() if folder.suffix else folder.mkdir()
    (line,) = problems(tmp_path / "npm")
    assert line.endswith("does not exist.")


def test_hidden_folders_are_not_suggested(dataset):
    dataset.rename(dataset.with_name(".ham10000"))
    for path in (dataset, dataset.parent):
        (line,) = problems(path)
        assert "?" not in line


def test_outputs_of_the_pipeline_are_not_suggested(dataset, monkeypatch):
    monkeypatch.chdir(dataset.parent)
    Path("dvc.yaml").write_text("stages: {acquire: {cmd: x, outs: [ham10000]}}")
    for path in ("ham1000", "."):
        (line,) = problems(path)
        assert "?" not in line


def test_a_missing_parent_folder_has_no_suggestion():
    (line,) = problems("/nowhere/at/all")
    assert "does not exist" in line
    assert "?" not in line


def test_a_file_that_is_no_zip_is_reported(dataset):
    (line,) = problems(dataset / "HAM10000_metadata.csv")
    assert "file that cannot be read as a zip, 1: HAM10000_metadata.csv (File is not a zip file)." in line
    assert line.endswith(f"Did you mean {dataset}?")


def test_a_damaged_zip_in_the_folder_is_reported(dataset):
    shutil.rmtree(dataset / IMAGE_FOLDERS[0])
    (dataset / f"{IMAGE_FOLDERS[0]}.zip").write_text("<html>Sign in</html>")
    (line,) = problems(dataset)
    assert line.endswith(f"file that cannot be read as a zip, 1: {IMAGE_FOLDERS[0]}.zip (File is not a zip file).")


def test_zips_within_a_zip_are_reported(dataset):
    pack_folders(dataset)
    path = dataset.parent / "dataverse_files.zip"
    pack(path, {f"{folder}.zip": (dataset / f"{folder}.zip").read_bytes() for folder in IMAGE_FOLDERS})
    (line,) = problems(path)
    assert "zip inside a zip, 2: dataverse_files.zip: HAM10000_images_part_1.zip" in line


def test_a_single_folder_s_zip_is_reported_with_the_dataset(dataset):
    pack_folders(dataset)
    (line,) = problems(dataset / f"{IMAGE_FOLDERS[0]}.zip")
    assert "HAM10000_metadata.csv, HAM10000_images_part_2 missing; found ISIC_1.jpg." in line
    assert line.endswith(f"Did you mean {dataset}?")


def test_an_unrelated_zip_is_reported_with_its_content(tmp_path):
    pack(tmp_path / "images.zip", {"train/ISIC_1.jpg": "x", "test/ISIC_2.jpg": "x", ".hidden": "x"})
    (line,) = problems(tmp_path / "images.zip")
    assert line.endswith("found test, train.")


def test_renaming_misspelt_names_is_suggested(dataset, wording):
    (dataset / IMAGE_FOLDERS[1]).rename(dataset / "HAM10000_images_part2")
    (dataset / "HAM10000_metadata.csv").rename(dataset / "HAM10000_meta.csv")
    (line,) = problems(dataset)
    assert "HAM10000_meta.csv is HAM10000_metadata.csv" in line
    assert "HAM10000_images_part2 is HAM10000_images_part_2" in line
    wording(line)


def test_a_dataset_in_a_child_folder_is_suggested(dataset):
    pack(dataset.parent / "dataset.zip", {"a": "x"})
    (line,) = problems(dataset.parent)
    assert "found dataset.zip, ham10000." in line
    assert line.endswith(f"Did you mean {dataset}?")


@pytest.mark.parametrize("child", ["..", "HAM10000_images_part_1"])
def test_a_dataset_one_folder_away_is_suggested(dataset, child):
    (line,) = problems((dataset / child).resolve())
    assert "HAM10000_metadata.csv missing" in line
    assert line.endswith(f"Did you mean {dataset}?")


def test_missing_and_found_names_are_reported(dataset):
    (dataset / "HAM10000_images_part_2" / "ISIC_2.jpg").unlink()
    (line,) = problems(dataset)
    assert " HAM10000_images_part_2 missing;" in line
    assert "found HAM10000_images_part_1, HAM10000_images_part_2, HAM10000_metadata.csv." in line


TABLES = {
    "export": ("metadata.csv", "isic_id,attribution,age_approx,diagnosis_1,lesion_id,sex"),
    "labels": ("ISIC2018_Task3_Training_GroundTruth.csv", "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC"),
    "lesions": ("ISIC2018_Task3_Training_LesionGroupings.csv", "image,lesion_id,diagnosis_confirm_type"),
}


@pytest.mark.parametrize("found", [["export"], ["labels"], ["lesions"], ["labels", "lesions"]], ids="+".join)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_other_tables_of_isic_are_named_for_what_they_are(dataset, tmp_path, found, kind, wording):
    (dataset / "HAM10000_metadata.csv").unlink()
    (dataset / IMAGE_FOLDERS[0] / "ISIC_1.jpg").rename(dataset / IMAGE_FOLDERS[1] / "ISIC_1.jpg")
    (dataset / IMAGE_FOLDERS[0]).rmdir()
    (dataset / IMAGE_FOLDERS[1]).rename(dataset / "images")
    for name in found:
        file, header = TABLES[name]
        (dataset / file).write_text(f"{header}\n")
    source = dataset
    if kind == "zip":
        source = tmp_path / "isic.zip"
        pack(source, {str(path.relative_to(dataset)): path.read_bytes() for path in dataset.rglob("*.*")})
    (line,) = problems(source)
    assert "HAM10000_metadata.csv missing;" in line
    assert "rename" not in line
    if kind == "folder":
        wording(line.partition("found ")[2])
    assert all(f" {TABLES[name][0]} is a" in line for name in found)


def test_a_table_without_the_columns_is_not_to_be_renamed(dataset):
    (dataset / "HAM10000_metadata.csv").unlink()
    (dataset / "HAM10000_meta.csv").write_text("pixel0000,label\n")
    (line,) = problems(dataset)
    assert line.endswith("HAM10000_meta.csv.")


@pytest.mark.parametrize("name", ["metadata.csv", "ham.tab", "HAM10000_metadata (1).csv"])
def test_a_table_with_the_columns_is_to_be_renamed(dataset, name):
    (dataset / "HAM10000_metadata.csv").rename(dataset / name)
    (line,) = problems(dataset)
    assert line.endswith(f"If {name} is HAM10000_metadata.csv, rename it.")


def test_one_folder_with_all_images_passes(dataset):
    (dataset / IMAGE_FOLDERS[0]).rename(dataset / "images")
    for image in (dataset / IMAGE_FOLDERS[1]).iterdir():
        image.rename(dataset / "images" / image.name)
    (dataset / IMAGE_FOLDERS[1]).rmdir()
    assert problems(dataset) == []


def test_images_of_another_format_are_reported_by_name(dataset):
    for folder, name in zip(IMAGE_FOLDERS, ("ISIC_1", "ISIC_2"), strict=True):
        (dataset / folder / f"{name}.jpg").rename(dataset / f"{name}.png")
    (line,) = problems(dataset)
    assert "file that is not a .jpg, 2: ISIC_1.png, ISIC_2.png." in line


def test_a_zip_of_an_unsupported_method_is_reported_once(dataset):
    pack_folders(dataset)
    path = dataset / f"{IMAGE_FOLDERS[0]}.zip"
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 10] = 9
    path.write_bytes(content)
    (line,) = problems(dataset)
    expected = f"unpack it with another program, 1: {path.name} (Deflate64)."
    assert line.endswith(expected)
    with zipfile.ZipFile(dataset / f"{IMAGE_FOLDERS[0].lower()}.zip", "w") as unpacked:
        unpacked.writestr("ISIC_1.jpg", "x")
    (dataset / IMAGE_FOLDERS[0]).mkdir()
    (dataset / IMAGE_FOLDERS[0] / "ISIC_1.jpg").write_text("x")
    assert problems(dataset) == []


def test_an_empty_folder_is_reported(tmp_path):
    (line,) = problems(tmp_path)
    assert line.endswith("found nothing.")


def test_only_the_first_names_of_a_folder_are_reported(tmp_path):
    for number in range(20):
        (tmp_path / f"{number:02}.jpg").touch()
    (line,) = problems(tmp_path)
    assert line.endswith("05.jpg and 14 more.")


LONG = "x" * 300


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("~nosuchuser/x", "does not exist"),
        ("{folder}/" + LONG, "(File name too long)"),
        ("{folder}/loop", "(Too many levels of symbolic links)"),
        ("{folder}/loop/x", "(Too many levels of symbolic links)"),
        ("{folder}/denied/x", "(Permission denied)"),
        ("\0", "(embedded null byte)"),
    ],
)
def test_an_invalid_path_is_reported_in_one_line(tmp_path, monkeypatch, path, reason):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    deny_access(monkeypatch, tmp_path / "denied")
    (line,) = problems(path.format(folder=tmp_path))
    assert line.startswith("data.path: received ")
    assert reason in line


def deny_access(monkeypatch, folder):
    """Make a folder inaccessible, even for root."""

    def refuse(method):
        def refusing(path, *arguments, **options):
            if folder in (path, *path.parents):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return method(path, *arguments, **options)

        return refusing

    for name in ("stat", "iterdir"):
        monkeypatch.setattr(Path, name, refuse(getattr(Path, name)))


def test_inaccessible_siblings_are_not_suggested(dataset, monkeypatch):
    (dataset.parent / "loop").symlink_to(dataset.parent / "loop")
    deny_access(monkeypatch, dataset.parent / "a")
    (dataset.parent / "a").symlink_to(dataset)
    (line,) = problems(dataset.parent)
    assert line.endswith(f"Did you mean {dataset}?")


def test_names_that_are_not_utf_8_are_escaped(dataset):
    (dataset / IMAGE_FOLDERS[1]).rename(dataset / os.fsdecode(b"\xff\r"))
    (line,) = problems(dataset)
    assert line.isprintable()
    assert "\\udcff\\r" in line


def test_images_in_an_output_of_the_pipeline_are_pointed_to(dataset, tmp_path, monkeypatch):
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    shutil.copy("dvc.yaml", project)
    (dataset / IMAGE_FOLDERS[0]).rename(dataset / "images")
    shutil.rmtree(dataset / IMAGE_FOLDERS[1])
    dataset.rename(project / "data/merged")
    monkeypatch.chdir(project)
    (line,) = problems("data/merged")
    assert "Not searched, because DVC deletes what is in it: data/merged/images." in line
    Path("data/merged/images").rename("data/merged/mine")
    assert problems("data/merged") == []
