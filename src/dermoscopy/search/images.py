"""The images of a search where all its workers read them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.errors import TrainingError
from dermoscopy.core.files import atomic_write
from dermoscopy.networks.data import Examples, sha256_of_arrays

SPLITS = ("train", "val")


@contextmanager
def shared(train: Examples, val: Examples, folder: Path) -> Iterator[Path]:
    """Keep images in files while the block runs; equal ones under an equal name.

    Args:
        train: What trials learn from.
        val: What they are judged by.
        folder: Where.

    Yields:
        A folder that `load` reads.
    """
    digest = sha256_of_arrays([train.images, train.labels, val.images, val.labels])
    place = folder / f"images-{digest[:16]}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, split in zip(SPLITS, (train, val), strict=True):
            _save(split.images, place / f"{name}_images.npy")
            _save(split.labels, place / f"{name}_labels.npy")
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _save(array: NDArray[Any], path: Path) -> None:
    # Beside: a cluster's worker may still map the file of a search that was killed.
    # Open for reading too, NumPy writes by `write`, and not by `tofile`, whose error on a full disk bears no number.
    with atomic_write(path) as beside, beside.open("w+b") as file:
        np.save(file, array)


def load(place: Path) -> tuple[Examples, Examples]:
    """Return train and val; their images are mapped, so that processes of one machine share them.

    Raises:
        TrainingError: They are not there.
    """
    try:
        train, val = (
            Examples(np.load(place / f"{name}_images.npy", mmap_mode="r"), np.load(place / f"{name}_labels.npy"))
            for name in SPLITS
        )
    except FileNotFoundError:
        raise TrainingError(
            f"A worker does not see {place}: workers of search.scheduler need the project's folder, "
            "under the same path, on a file system they share with it."
        ) from None
    return train, val
