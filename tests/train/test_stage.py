"""The train stage raises an error if rows of test, or lesions of val, are in the tables it reads."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core import params as file
from dermoscopy.core.errors import LeakError, TableError
from dermoscopy.core.splits import SPLIT, locate
from stages.train import train

Rows = Callable[..., pd.DataFrame]


@pytest.fixture
def splits(rows: Rows) -> Iterator[dict[str, pd.DataFrame]]:
    shutil.copy(Path(__file__).parents[2] / "params.yaml", ".")
    file.read.cache_clear()
    tables = {split: rows(split, 6) for split in ("train", "val", "test")}
    Path("data/audited").write_text("lesion clean\n")
    Path("data/environment.json").write_text("{}")
    yield tables
    file.read.cache_clear()


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_row_of_test_raises_a_leak_error(splits: dict[str, pd.DataFrame], split: str) -> None:
    SPLIT.write(pd.concat([splits[split], splits["test"].iloc[[3]]]), Path(f"data/split/{split}.csv"))
    with pytest.raises(LeakError, match=rf"(?s){split}\.csv.*test_003: split test"):
        train("cnn_a")
    assert not Path("data/models").exists()


@pytest.mark.parametrize("split", ["train", "val"])
def test_rows_of_test_with_a_false_split_raise_a_leak_error(splits: dict[str, pd.DataFrame], split: str) -> None:
    SPLIT.write(pd.concat([splits[split], splits["test"].assign(split=split)]), Path(f"data/split/{split}.csv"))
    with pytest.raises(LeakError, match=r"test_004: split \w+, file data/split/test/benign/test_004.jpg\n  and 1 more"):
        train("cnn_a")


def test_a_lesion_of_val_in_train_raises_a_leak_error(splits: dict[str, pd.DataFrame]) -> None:
    planted = splits["val"].iloc[[1]].assign(split="train")
    SPLIT.write(
        pd.concat([splits["train"], planted.assign(path=locate(planted, "train"))]), Path("data/split/train.csv")
    )
    with pytest.raises(LeakError, match=r"(?s)train.*val.*lesion_id val_001: data/split/train"):
        train("cnn_a")


def test_without_an_audit_training_raises_an_error(splits: dict[str, pd.DataFrame]) -> None:
    Path("data/audited").unlink()
    with pytest.raises(TableError, match="dvc repro"):
        train("cnn_a")
