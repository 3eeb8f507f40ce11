"""Image files that all workers of a search read."""

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

TRAIN_AND_VAL = ("train", "val")


@contextmanager
def shared_images(train: Examples, val: Examples, folder: Path) -> Iterator[Path]:
    """Keep the examples of train and val in files while the block runs.

    Args:
        train: Examples the trials are trained on.
        val: Examples the trials are evaluated on.
        folder: Folder of the search, in which a subfolder is made. Its name depends on the content only.

    Yields:
        The subfolder, which `load_images` reads.
    """
    known = [] if train.sources is None else [train.sources]
    digest = sha256_of_arrays([train.images, train.labels, val.images, val.labels, *known])
    target = folder / f"images-{digest[:16]}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for split, examples in zip(TRAIN_AND_VAL, (train, val), strict=True):
            _save(examples.images, target / f"{split}_images.npy")
            _save(examples.labels, target / f"{split}_labels.npy")
            if examples.sources is not None:
                _save(examples.sources, target / f"{split}_sources.npy")
        yield target
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _save(array: NDArray[Any], path: Path) -> None:
    # A temporary file, because a worker of a cluster may still map the file of a killed search.
    # Opened for reading too: NumPy then calls `write`, not `tofile`, whose error on a full disk has no error number.
    with atomic_write(path) as temporary, temporary.open("w+b") as file:
        np.save(file, array)


def load_images(folder: Path) -> tuple[Examples, Examples]:
    """Load the examples of train and val; images are memory-mapped, so that processes of one machine share them.

    Args:
        folder: Folder that `shared_images` yielded.

    Raises:
        TrainingError: The files are missing.
    """
    try:
        train, val = (_load(folder, split) for split in TRAIN_AND_VAL)
    except FileNotFoundError:
        raise TrainingError(
            f"A worker does not find {folder}. Workers of search.scheduler need the project folder at the same path, "
            "on a shared file system."
        ) from None
    return train, val


def _load(folder: Path, split: str) -> Examples:
    sources = folder / f"{split}_sources.npy"
    return Examples(
        np.load(folder / f"{split}_images.npy", mmap_mode="r"),
        np.load(folder / f"{split}_labels.npy"),
        np.load(sources) if sources.exists() else None,
    )
