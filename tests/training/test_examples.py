from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.errors import TrainingError
from dermoscopy.images import read_image
from dermoscopy.training.examples import Examples, read_examples, require_both_labels

Rows = Callable[..., pd.DataFrame]


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
