"""Overlap with the images of the run: by id, lesion, bytes and perceptual hash."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.files import sha256
from dermoscopy.external.overlap import BYTES, CONFIRMED, ID, LESION, NEAR, Overlap, find_overlap
from tests.external.labelled_run import write_image, write_run

DISTANCE = 32


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run with its tables."""
    folder = tmp_path_factory.mktemp("project")
    write_run(folder)
    return folder


def search(project: Path, paths: dict[str, Path], lesions: dict[str, str] | None = None) -> Overlap:
    rows = pd.DataFrame(
        [(name, (lesions or {}).get(name, f"own {name}"), str(path)) for name, path in paths.items()],
        columns=["image_id", "lesion_id", "path"],
    )
    return find_overlap(rows, {str(path): sha256(path) for path in paths.values()}, project, DISTANCE)


def train_image(project: Path, number: int) -> Path:
    return next((project / "data/split/train").rglob(f"train_{number:03}.jpg"))


def saved_again(source: Path, target: Path, scale: float, quality: int = 90) -> Path:
    with Image.open(source) as image:
        size = round(image.width * scale), round(image.height * scale)
        image.resize(size, Image.Resampling.BICUBIC).save(target, quality=quality)
    return target


def test_other_images_do_not_overlap(project: Path, tmp_path: Path) -> None:
    overlap = search(
        project, {f"x{number}": write_image(tmp_path / f"{number}.jpg", 50 + number) for number in range(9)}
    )
    assert overlap.images.empty
    assert (overlap.compared, overlap.incomplete) == (54, "")


def test_each_image_is_named_once_with_the_surest_kind(project: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copyfile(train_image(project, 0), tmp_path / "copied.jpg"))
    paths = {
        "copied": copied,
        "smaller": saved_again(train_image(project, 1), tmp_path / "smaller.jpg", 0.9),
        "larger": saved_again(train_image(project, 2), tmp_path / "larger.jpg", 1.1),
        "val_003.jpg": write_image(tmp_path / "a.jpg", 60),
        "other": write_image(tmp_path / "b.jpg", 61),
        "new": write_image(tmp_path / "c.jpg", 62),
    }
    overlap = search(project, paths, {"other": "lesion_test_004"})
    found = {row.image_id: (row.kind, row.split, row.of_run) for row in overlap.images.itertuples()}
    assert found == {
        "copied": (BYTES, "train", "train_000"),
        "smaller": (NEAR, "train", "train_001"),
        "larger": (NEAR, "train", "train_002"),
        "val_003.jpg": (ID, "val", "val_003"),
        "other": (LESION, "test", "test_004"),
    }
    assert overlap.counts() == [(BYTES, "train", 1), (ID, "val", 1), (NEAR, "train", 2), (LESION, "test", 1)]
    assert overlap.lines()[0] == "same bytes, train, 1: copied = train_000"
    assert overlap.descriptions()["other"] == "same lesion_id as test_004 in test"


def test_a_lesion_confirmed_by_eye_overlaps(project: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(project / "data/split", run / "data/split")
    table = run / "data/split/val.csv"
    table.write_text(table.read_text().replace("lesion_val_001", "HAM_0005793").replace("val_001,", "ISIC_0024629,"))
    overlap = search(run, {"ISIC_0029625": write_image(tmp_path / "a.jpg", 60)}, {"ISIC_0029625": "HAM_0004292"})
    assert list(overlap.images["kind"]) == [CONFIRMED]


def test_all_images_of_a_touched_lesion_are_marked(project: Path, tmp_path: Path) -> None:
    first, second, third = (write_image(tmp_path / f"{number}.jpg", 70 + number) for number in range(3))
    overlap = search(project, {"train_005": first, "b": second, "c": third}, {"train_005": "L1", "b": "L1"})
    assert list(overlap.touches(pd.Series(["L1", "L1", "own c"]))) == [True, True, False]


def test_similar_images_within_the_folder_are_reported_if_their_lesions_differ(project: Path, tmp_path: Path) -> None:
    first = write_image(tmp_path / "a.jpg", 80)
    again = saved_again(first, tmp_path / "b.jpg", 1.1)
    assert [pair[:2] for pair in search(project, {"a": first, "b": again}).within] == [("a", "b")]
    assert not search(project, {"a": first, "b": again}, {"a": "L", "b": "L"}).within


def test_without_the_images_of_the_run_ids_and_bytes_are_compared(project: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for split in ("train", "val", "test"):
        (run / "data/split").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / f"data/split/{split}.csv", run / f"data/split/{split}.csv")
    copied = Path(shutil.copyfile(train_image(project, 0), tmp_path / "copied.jpg"))
    again = saved_again(train_image(project, 1), tmp_path / "again.jpg", 0.9)
    overlap = search(run, {"copied": copied, "again": again})
    assert list(overlap.images["image_id"]) == ["copied"]
    assert "54 of 54 images of the run are not in data/split" in overlap.incomplete


def test_without_tables_of_the_run_nothing_is_compared(tmp_path: Path) -> None:
    overlap = search(tmp_path, {"a": write_image(tmp_path / "a.jpg", 1)})
    assert (len(overlap.images), overlap.compared) == (0, 0)
    assert "no tables" in overlap.incomplete
