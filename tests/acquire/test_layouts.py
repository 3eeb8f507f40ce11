"""Images outside the published folders are found, copied and merged as if they were in them."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.acquire.copy import copy_dataset
from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.sources import find_dataset
from dermoscopy.acquire.verify import verify
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import PROBLEMS
from dermoscopy.merge.merge import merge
from dermoscopy.merge.params import Merge

FIRST, SECOND = IMAGE_FOLDERS
LIMITS = Limits(pixels=10**6, unpacked=1.0)


def move(dataset: Path, name: Callable[[str], str]) -> None:
    """Move each image to the folder that is given for its image_id."""
    for path in sorted(dataset.glob("*/*.jpg")):
        target = dataset / name(path.stem)
        target.mkdir(parents=True, exist_ok=True)
        path.rename(target / path.name)
    for folder in IMAGE_FOLDERS:
        if not any((dataset / folder).iterdir()):
            (dataset / folder).rmdir()


def into(name: str) -> Callable[[Path], object]:
    return lambda dataset: move(dataset, lambda _: name)


def zipped(name: str, inside: str, *, table: bool = False) -> Callable[[Path], object]:
    """Pack the images, and the table if `table`, into a zip in the folder."""

    def pack(dataset: Path) -> None:
        with zipfile.ZipFile(dataset / name, "w") as file:
            for path in sorted(dataset.glob("*/*.jpg")):
                file.write(path, f"{inside}{path.name}")
            if table:
                file.write(dataset / METADATA, METADATA)
                (dataset / METADATA).unlink()
        for folder in IMAGE_FOLDERS:
            shutil.rmtree(dataset / folder)

    return pack


def by_diagnosis(dataset: Path) -> None:
    dx = pd.read_csv(dataset / METADATA).set_index("image_id")["dx"]
    move(dataset, lambda image_id: f"train/{dx[image_id]}")


def with_other_images(dataset: Path) -> None:
    into("images")(dataset)
    (dataset / "overview.jpg").write_bytes(b"x")
    (dataset / "of my cat").mkdir()
    (dataset / "of my cat" / "cat.jpg").write_bytes(b"x")
    zip_path = dataset / "ISIC2018_Task3_Test_Images.zip"
    with zipfile.ZipFile(zip_path, "w") as file:
        file.writestr("ISIC2018_Task3_Test_Images/ISIC_9.jpg", b"x")


def next_to_its_zip(dataset: Path) -> None:
    into("images")(dataset)
    with zipfile.ZipFile(dataset / "archive.zip", "w") as file:
        for path in (dataset / "images").iterdir():
            file.write(path, path.name)


LAYOUTS: dict[str, Callable[[Path], object]] = {
    **{name: into(name) for name in ("HAM10000_images", "images", "all_images", "ISIC2018_Task3_Training_Input")},
    "a folder of any name": into("Bilder é"),
    "the first published folder": into(FIRST),
    "beside the table": into("."),
    "nested": into("images/images"),
    "misspelt folders": lambda dataset: move(dataset, lambda name: f"HAM10000_images_part{1 + int(name[-1]) % 2}"),
    "a folder for each diagnosis": by_diagnosis,
    "with other images": with_other_images,
    "next to its zip": next_to_its_zip,
    "zip": zipped("HAM10000_images.zip", ""),
    "zip with a folder": zipped("archive.zip", "images/"),
    "zip with everything": zipped("archive.zip", "", table=True),
}


def merged(source: Path, folder: Path) -> bytes:
    assert copy_dataset(source, folder / "dataset", folder / "masks", LIMITS) == []
    assert verify(folder / "dataset", LIMITS) == []
    PROBLEMS.write(pd.DataFrame(columns=list(PROBLEMS.columns)), folder / "problems.csv")
    merge(folder / "dataset", folder / "problems.csv", Merge(lesions=None, seed=1, near_duplicates=None), folder)
    return (folder / "metadata.csv").read_bytes()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_merged_like_the_published_one(dataset: Path, tmp_path: Path, layout: str) -> None:
    published = merged(dataset, tmp_path / "published")
    LAYOUTS[layout](dataset)
    assert find_dataset(dataset).complete
    assert merged(dataset, tmp_path / "other") == published


def test_a_single_zip_is_a_dataset(dataset: Path, tmp_path: Path) -> None:
    published = merged(dataset, tmp_path / "published")
    zipped("archive.zip", "some/images/", table=True)(dataset)
    assert merged(dataset / "archive.zip", tmp_path / "other") == published


def test_masks_in_their_folder_are_no_images(dataset: Path) -> None:
    into("images")(dataset)
    (dataset / "masks").mkdir()
    (dataset / "masks" / "ISIC_0_segmentation.png").write_bytes(b"x")
    contents = find_dataset(dataset)
    assert contents.problems == []
    assert (len(contents.images), list(contents.masks)) == (8, ["ISIC_0_segmentation.png"])


def test_an_image_missing_from_the_only_folder_is_reported_by_its_row(dataset: Path, tmp_path: Path) -> None:
    into("images")(dataset)
    (dataset / "images" / "ISIC_3.jpg").unlink()
    copy_dataset(dataset, tmp_path / "raw", tmp_path / "masks", LIMITS)
    assert [problem[:2] for problem in verify(tmp_path / "raw", LIMITS)] == [("row without an image", "ISIC_3")]


def test_images_of_another_format_are_reported_by_name(dataset: Path) -> None:
    into("images")(dataset)
    (dataset / "images" / "ISIC_3.jpg").rename(dataset / "images" / "ISIC_3.png")
    assert [problem[:2] for problem in find_dataset(dataset).problems] == [("file that is not a .jpg", "ISIC_3.png")]


def test_images_of_one_id_in_several_folders_are_refused(dataset: Path) -> None:
    into("images")(dataset)
    shutil.copytree(dataset / "images", dataset / "resized")
    [problem] = find_dataset(dataset).problems
    assert (problem.kind, problem.name, problem.outcome) == ("images in several folders", "images, resized", "fatal")
    assert "ISIC_0, ISIC_1" in problem.detail


def test_the_first_published_folder_alone_lacks_the_second_unless_it_has_all_images(dataset: Path) -> None:
    shutil.rmtree(dataset / SECOND)
    assert find_dataset(dataset).missing == [SECOND]
    rows = pd.read_csv(dataset / METADATA)
    rows[rows["image_id"].isin(["ISIC_0", "ISIC_2"])].to_csv(dataset / METADATA, index=False)
    assert find_dataset(dataset).missing == []


@pytest.fixture
def project(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Project folder whose data/ has the images and table that the pipeline wrote."""
    (tmp_path / "dvc.yaml").write_text(
        "stages: {merge: {cmd: x, outs: [data/merged/images]}, acquire: {cmd: x, outs: [data/acquired/dataset]}}"
    )
    into("images")(dataset)
    for written in ("data/merged/images", "data/acquired/dataset/images"):
        shutil.copytree(dataset / "images", tmp_path / written)
    for folder in (".", "data", "data/merged", "data/acquired"):
        shutil.copyfile(dataset / METADATA, tmp_path / folder / METADATA)
    shutil.rmtree(dataset)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("source", [".", "data", "data/merged", "data/acquired"])
def test_images_that_the_pipeline_wrote_are_not_found(project: Path, source: str) -> None:
    assert find_dataset(Path(source)).images == {}
    (project / "link").symlink_to(project / source)
    assert find_dataset(Path("link")).images == {}


def test_images_that_the_user_put_into_the_project_are_found(project: Path) -> None:
    (project / "data/merged/images").rename(project / "my images")
    assert len(find_dataset(project).images) == 8
