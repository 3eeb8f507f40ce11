from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.errors import LeakError, TrainingError
from dermoscopy.images import read_image
from dermoscopy.tables.parts import PART
from dermoscopy.training.examples import Examples, read_examples, read_part, require_both_labels

Rows = Callable[..., pd.DataFrame]


def test_reads_its_own_part(rows: Rows) -> None:
    rows("train")
    assert len(read_part(Path("data/split/train.csv"), "train")) == 4


def test_a_test_row_among_train_is_refused(rows: Rows) -> None:
    train, test = rows("train"), rows("test")
    PART.write(pd.concat([train, test.head(1)]), Path("data/split/train.csv"))
    with pytest.raises(LeakError, match=r"test_000: part test, file data/split/test/benign/test_000.jpg"):
        read_part(Path("data/split/train.csv"), "train")


def test_a_test_photograph_that_says_it_is_train_is_refused(rows: Rows) -> None:
    train, test = rows("train"), rows("test")
    PART.write(pd.concat([train, test.assign(part="train")]), Path("data/split/train.csv"))
    with pytest.raises(LeakError) as raised:
        read_part(Path("data/split/train.csv"), "train")
    assert len(raised.value.problems) == 4


def test_val_is_no_train(rows: Rows) -> None:
    rows("val")
    with pytest.raises(LeakError, match="not of train"):
        read_part(Path("data/split/val.csv"), "train")


def test_copies_are_of_train(rows: Rows) -> None:
    train = rows("train")
    train.loc[1, "path"] = "data/augmented/train/malignant/train_001_copy1.jpg"
    PART.write(train, Path("data/split/train.csv"))
    assert len(read_part(Path("data/split/train.csv"), "train")) == 4


def test_photographs_keep_the_tables_order(rows: Rows) -> None:
    train = rows("train", 6)
    examples = read_examples(train, 10, threads=3)
    assert examples.images.shape == (6, 10, 10, 3)
    assert examples.images.dtype == np.uint8
    assert examples.labels.tolist() == [0, 1, 0, 1, 0, 1]
    for image, path in zip(examples.images, train["path"], strict=True):
        np.testing.assert_array_equal(image, read_image(Path(path), 10))


@pytest.mark.parametrize(("labels", "missing"), [([0, 0], "malignant"), ([1], "benign"), ([], "benign")])
def test_a_part_without_a_label_is_refused(labels: list[int], missing: str) -> None:
    examples = Examples(np.zeros((len(labels), 4, 4, 3), np.uint8), np.array(labels, np.float32))
    with pytest.raises(TrainingError, match=f"val holds no {missing} photograph"):
        require_both_labels(examples, "val")
