import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.ham10000.duplicates import DUPLICATES, MERGED
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, list_images
from dermoscopy.ham10000.problems import PROBLEMS
from dermoscopy.merge.merge import merge
from dermoscopy.merge.params import Merge

ALL = Merge(lesions=None, seed=1, near_duplicates=32)


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "problems.csv"
    PROBLEMS.write(pd.DataFrame(columns=list(PROBLEMS.columns)), path)
    return path


def smooth(seed: int) -> Image.Image:
    """Return an image of broad patches, as on skin, which hardly changes with JPEG compression."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC)


def run(dataset: Path, problems: Path, params: Merge, folder: Path) -> pd.DataFrame:
    merge(dataset, problems, params, folder)
    return MERGED.read(folder / "metadata.csv")


def test_merged_images_have_the_same_bytes(dataset: Path, problems: Path, tmp_path: Path) -> None:
    table = run(dataset, problems, ALL, tmp_path / "merged")
    assert table["image_id"].tolist() == [f"ISIC_{number}" for number in range(8)]
    for path in list_images(dataset):
        merged = tmp_path / "merged" / "images" / path.name
        assert merged.read_bytes() == path.read_bytes()
        [sha256] = table.loc[table["image_id"] == path.stem, "sha256"]
        assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (table["group"] == table["lesion_id"]).all()


def test_lesions_with_the_same_bytes_are_one_group(dataset: Path, problems: Path, tmp_path: Path) -> None:
    first, second = (dataset / folder for folder in IMAGE_FOLDERS)
    shutil.copy(first / "ISIC_2.jpg", second / "ISIC_5.jpg")
    table = run(dataset, problems, ALL, tmp_path / "merged").set_index("image_id")
    assert table.loc["ISIC_5", "group"] == table.loc["ISIC_2", "group"] == "HAM_2"
    assert table["group"].nunique() == 6


def test_lesions_with_similar_images_are_one_group_unless_near_duplicates_is_null(
    dataset: Path, problems: Path, tmp_path: Path
) -> None:
    second = dataset / IMAGE_FOLDERS[1]
    for path in list_images(dataset):
        smooth(int(path.stem[-1])).save(path)
    smooth(2).save(second / "ISIC_5.jpg", quality=60)

    table = run(dataset, problems, ALL, tmp_path / "merged").set_index("image_id")
    assert table.loc["ISIC_5", "group"] == table.loc["ISIC_2", "group"] == "HAM_2"
    [found] = DUPLICATES.read(tmp_path / "merged" / "duplicates.csv").to_dict("records")
    assert (found["kind"], found["image_id"], found["other_image_id"]) == ("near-duplicate", "ISIC_2", "ISIC_5")

    table = run(dataset, problems, Merge(lesions=None, seed=1, near_duplicates=None), tmp_path / "merged")
    assert (table["group"] == table["lesion_id"]).all()


def test_sample_has_all_images_of_its_lesions(dataset: Path, problems: Path, tmp_path: Path) -> None:
    table = run(dataset, problems, Merge(lesions=6, seed=1, near_duplicates=None), tmp_path / "merged")
    assert table["lesion_id"].nunique() == 6
    assert (table["lesion_id"] == "HAM_0").sum() in (0, 2)
    assert len(list((tmp_path / "merged" / "images").iterdir())) == len(table)


def test_images_with_problems_are_left_out(dataset: Path, problems: Path, tmp_path: Path) -> None:
    rows = [("image of zero bytes", "ISIC_3", "left out"), ("grey", "ISIC_4", "kept")]
    found = pd.DataFrame(
        [(kind, name, name, "", outcome) for kind, name, outcome in rows], columns=list(PROBLEMS.columns)
    )
    PROBLEMS.write(found, problems)
    merged = run(dataset, problems, ALL, tmp_path / "merged")["image_id"].tolist()
    assert merged == [f"ISIC_{number}" for number in (0, 1, 2, 4, 5, 6, 7)]
    assert not (tmp_path / "merged" / "images" / "ISIC_3.jpg").exists()
