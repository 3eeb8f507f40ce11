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
def test_images_keep_the_order_of_the_table(rows: Rows, tmp_path: Path, count: int, memory: float) -> None:
    train = rows("train", count)
    examples = read_examples(train, 10, threads=3, memory=memory, folder=tmp_path / "images")
    assert isinstance(examples.images, np.memmap) == (memory < 1)
    assert examples.images.shape == (count, 10, 10, 3)
    assert examples.images.dtype == np.uint8
    assert examples.labels.tolist() == [0, 1] * (count // 2) + [0] * (count % 2)
    for image, path in zip(examples.images, train["path"], strict=True):
        np.testing.assert_array_equal(image, read_image(Path(path), 10))


def test_memory_limits_the_size_of_the_images(rows: Rows, tmp_path: Path) -> None:
    train = rows("train", 6)
    needed = 6 * 10 * 10 * 3 / 1e9
    in_memory, on_disk = (read_examples(train, 10, 1, memory=m, folder=tmp_path / "x") for m in (needed, 0.99 * needed))
    assert not isinstance(in_memory.images, np.memmap)
    assert isinstance(on_disk.images, np.memmap)


def test_the_file_on_disk_has_no_name(rows: Rows, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    examples = read_examples(rows("train", 6), 10, 1, memory=1e-9, folder=folder)
    assert list(folder.iterdir()) == []
    assert examples.images[5].any()


def test_no_folder_is_made_if_the_memory_is_sufficient(rows: Rows, tmp_path: Path) -> None:
    read_examples(rows("train", 2), 10, 1, memory=4.0, folder=tmp_path / "images")
    assert not (tmp_path / "images").exists()


class FullDisk(io.BytesIO):
    def __init__(self, dir: Path) -> None:  # noqa: A002
        super().__init__()

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_raises_an_error_with_the_size_and_the_parameter(
    rows: Rows, monkeypatch: pytest.MonkeyPatch, wording: Callable[..., None]
) -> None:
    train = rows("train", 4)
    monkeypatch.setattr("tempfile.TemporaryFile", FullDisk)
    with pytest.raises(TrainingError, match=r"4 images of 200 pixels.*0\.0 GB.*runtime\.memory") as raised:
        read_examples(train, 200, 1, memory=1e-9, folder=Path("images"))
    wording(str(raised.value))


@pytest.mark.parametrize(("labels", "missing"), [([0, 0], "malignant"), ([1], "benign"), ([], "benign")])
def test_a_split_without_a_label_raises_an_error(labels: list[int], missing: str) -> None:
    examples = Examples(np.zeros((len(labels), 4, 4, 3), np.uint8), np.array(labels, np.float32))
    with pytest.raises(TrainingError, match=rf"^val .*\b{missing}\b.* {len(labels)} images"):
        require_both_labels(examples, "val")
