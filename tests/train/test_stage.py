"""What train reads cannot contain rows of test: its own script refuses them by name."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core import params as file
from dermoscopy.core.errors import LeakError, TableError
from dermoscopy.core.splits import PART, locate
from stages.train import train

Rows = Callable[..., pd.DataFrame]


@pytest.fixture
def parts(rows: Rows) -> Iterator[dict[str, pd.DataFrame]]:
    shutil.copy(Path(__file__).parents[2] / "params.yaml", ".")
    file.read.cache_clear()
    made = {part: rows(part, 6) for part in ("train", "val", "test")}
    Path("data/audited").write_text("lesion clean\n")
    Path("data/environment.json").write_text("{}")
    yield made
    file.read.cache_clear()


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_row_of_test_is_refused_by_name(parts: dict[str, pd.DataFrame], part: str) -> None:
    PART.write(pd.concat([parts[part], parts["test"].iloc[[3]]]), Path(f"data/split/{part}.csv"))
    with pytest.raises(LeakError, match=rf"{part}.csv holds rows that are not of {part}.*\n.*test_003: part test"):
        train("cnn_a")
    assert not Path("data/models").exists()


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_row_of_test_that_says_otherwise_is_refused_by_name(parts: dict[str, pd.DataFrame], part: str) -> None:
    PART.write(pd.concat([parts[part], parts["test"].assign(part=part)]), Path(f"data/split/{part}.csv"))
    with pytest.raises(LeakError, match=r"test_004: part \w+, file data/split/test/benign/test_004.jpg\n  and 1 more"):
        train("cnn_a")


def test_a_lesion_of_val_is_refused_by_name(parts: dict[str, pd.DataFrame]) -> None:
    planted = parts["val"].iloc[[1]].assign(part="train")
    PART.write(pd.concat([parts["train"], planted.assign(path=locate(planted, "train"))]), Path("data/split/train.csv"))
    with pytest.raises(LeakError, match="train and val are not apart:\n  lesion_id val_001: data/split/train"):
        train("cnn_a")


def test_without_an_audit_nothing_is_trained(parts: dict[str, pd.DataFrame]) -> None:
    Path("data/audited").unlink()
    with pytest.raises(TableError, match="dvc repro"):
        train("cnn_a")
