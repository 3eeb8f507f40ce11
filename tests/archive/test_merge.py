import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.archive.layout import IMAGE_FOLDERS, photographs
from dermoscopy.archive.merge import merge
from dermoscopy.params.merge import Merge
from dermoscopy.tables.merged import MERGED
from dermoscopy.tables.problems import PROBLEMS

ALL = Merge(lesions=None, seed=1)


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "problems.csv"
    PROBLEMS.write(pd.DataFrame(columns=list(PROBLEMS.columns)), path)
    return path


def run(archive: Path, problems: Path, params: Merge, folder: Path) -> pd.DataFrame:
    merge(archive, problems, params, folder)
    return MERGED.read(folder / "metadata.csv")


def test_both_folders_become_one_byte_for_byte(archive: Path, problems: Path, tmp_path: Path) -> None:
    table = run(archive, problems, ALL, tmp_path / "merged")
    assert table["image_id"].tolist() == [f"ISIC_{number}" for number in range(8)]
    for path in photographs(archive):
        copy = tmp_path / "merged" / "images" / path.name
        assert copy.read_bytes() == path.read_bytes()
        [sha256] = table.loc[table["image_id"] == path.stem, "sha256"]
        assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (table["group"] == table["lesion_id"]).all()


def test_lesions_of_one_photograph_are_one_group(archive: Path, problems: Path, tmp_path: Path) -> None:
    first, second = (archive / folder for folder in IMAGE_FOLDERS)
    shutil.copy(first / "ISIC_2.jpg", second / "ISIC_5.jpg")
    table = run(archive, problems, ALL, tmp_path / "merged").set_index("image_id")
    assert table.loc["ISIC_5", "group"] == table.loc["ISIC_2", "group"] == "HAM_2"
    assert table["group"].nunique() == 6


def test_a_sample_has_all_photographs_of_its_lesions(archive: Path, problems: Path, tmp_path: Path) -> None:
    table = run(archive, problems, Merge(lesions=6, seed=1), tmp_path / "merged")
    assert table["lesion_id"].nunique() == 6
    assert (table["lesion_id"] == "HAM_0").sum() in (0, 2)
    assert len(list((tmp_path / "merged" / "images").iterdir())) == len(table)


def test_problems_are_left_out(archive: Path, problems: Path, tmp_path: Path) -> None:
    left_out = pd.DataFrame({"kind": ["photograph of zero bytes"], "name": ["ISIC_3"], "detail": [""]})
    PROBLEMS.write(left_out, problems)
    assert "ISIC_3" not in run(archive, problems, ALL, tmp_path / "merged")["image_id"].tolist()
    assert not (tmp_path / "merged" / "images" / "ISIC_3.jpg").exists()
