"""What train reads cannot contain rows of test: its own script refuses them by name."""

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
    made = {split: rows(split, 6) for split in ("train", "val", "test")}
    Path("data/audited").write_text("lesion clean\n")
    Path("data/environment.json").write_text("{}")
    yield made
    file.read.cache_clear()


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_row_of_test_is_refused_by_name(splits: dict[str, pd.DataFrame], split: str) -> None:
    SPLIT.write(pd.concat([splits[split], splits["test"].iloc[[3]]]), Path(f"data/split/{split}.csv"))
    with pytest.raises(LeakError, match=rf"{split}.csv holds rows that are not of {split}.*\n.*test_003: split test"):
        train("cnn_a")
    assert not Path("data/models").exists()


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_row_of_test_that_says_otherwise_is_refused_by_name(splits: dict[str, pd.DataFrame], split: str) -> None:
    SPLIT.write(pd.concat([splits[split], splits["test"].assign(split=split)]), Path(f"data/split/{split}.csv"))
    with pytest.raises(LeakError, match=r"test_004: split \w+, file data/split/test/benign/test_004.jpg\n  and 1 more"):
        train("cnn_a")


def test_a_lesion_of_val_is_refused_by_name(splits: dict[str, pd.DataFrame]) -> None:
    planted = splits["val"].iloc[[1]].assign(split="train")
    SPLIT.write(
        pd.concat([splits["train"], planted.assign(path=locate(planted, "train"))]), Path("data/split/train.csv")
    )
    with pytest.raises(LeakError, match="lesion_id val_001: data/split/train"):
        train("cnn_a")


def test_without_an_audit_nothing_is_trained(splits: dict[str, pd.DataFrame]) -> None:
    Path("data/audited").unlink()
    with pytest.raises(TableError, match="dvc repro"):
        train("cnn_a")
