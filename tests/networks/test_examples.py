import errno
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import TrainingError
from dermoscopy.core.images import read_image
from dermoscopy.networks.data import CHUNK, Examples, read_examples, require_both_labels

Rows = Callable[..., pd.DataFrame]


@pytest.mark.parametrize("count", [6, 2 * CHUNK + 1])
@pytest.mark.parametrize("memory", [4.0, 1e-9])
def test_photographs_keep_the_tables_order(rows: Rows, tmp_path: Path, count: int, memory: float) -> None:
    train = rows("train", count)
    examples = read_examples(train, 10, threads=3, memory=memory, folder=tmp_path / "images")
    assert isinstance(examples.images, np.memmap) == (memory < 1)
    assert examples.images.shape == (count, 10, 10, 3)
    assert examples.images.dtype == np.uint8
    assert examples.labels.tolist() == [0, 1] * (count // 2) + [0] * (count % 2)
    for image, path in zip(examples.images, train["path"], strict=True):
        np.testing.assert_array_equal(image, read_image(Path(path), 10))


def test_memory_is_what_the_photographs_may_take(rows: Rows, tmp_path: Path) -> None:
    train = rows("train", 6)
    taken = 6 * 10 * 10 * 3 / 1e9
    held, stored = (read_examples(train, 10, 1, memory=m, folder=tmp_path / "x") for m in (taken, 0.99 * taken))
    assert not isinstance(held.images, np.memmap)
    assert isinstance(stored.images, np.memmap)


def test_the_file_has_no_name(rows: Rows, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    examples = read_examples(rows("train", 6), 10, 1, memory=1e-9, folder=folder)
    assert list(folder.iterdir()) == []
    assert examples.images[5].any()


def test_nothing_is_made_where_memory_is_enough(rows: Rows, tmp_path: Path) -> None:
    read_examples(rows("train", 2), 10, 1, memory=4.0, folder=tmp_path / "images")
    assert not (tmp_path / "images").exists()


class FullDisk(io.BytesIO):
    def __init__(self, dir: Path) -> None:  # noqa: A002
        super().__init__()

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_with_what_would_do(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    train = rows("train", 4)
    monkeypatch.setattr("tempfile.TemporaryFile", FullDisk)
    with pytest.raises(TrainingError, match=r"no room for 4 images of 200 pixels, 0\.0 GB.*runtime\.memory"):
        read_examples(train, 200, 1, memory=1e-9, folder=Path("images"))


@pytest.mark.parametrize(("labels", "missing"), [([0, 0], "malignant"), ([1], "benign"), ([], "benign")])
def test_a_part_without_a_label_is_refused(labels: list[int], missing: str) -> None:
    examples = Examples(np.zeros((len(labels), 4, 4, 3), np.uint8), np.array(labels, np.float32))
    with pytest.raises(TrainingError, match=f"val holds no {missing} image"):
        require_both_labels(examples, "val")
