"""The photographs of one part, decoded once."""

import hashlib
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.errors import DISK_FULL, TrainingError
from dermoscopy.images import read_image
from dermoscopy.params.block import GIGABYTE
from dermoscopy.tables.parts import LABELS

AT_ONCE = 64  # photographs in memory on their way to the disk


@dataclass(frozen=True)
class Examples:
    """Photographs and what they are.

    Attributes:
        images: Red, green, blue; shape (photographs, side, side, 3), uint8; in memory, or a map of a file.
        labels: 0 benign, 1 malignant; shape (photographs,), float32.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.float32]


def read_examples(frame: pd.DataFrame, size: int, threads: int, *, memory: float, folder: Path) -> Examples:
    """Decode the photographs of a part once, in the order of its table.

    Args:
        frame: Rows of a part's table.
        size: Side of the square wanted, in pixels.
        threads: Decoding at a time.
        memory: Gigabytes they may take in memory; more of them are kept in a file.
        folder: Where that file is made. It has no name, so that nothing is left of it however the process ends.

    Raises:
        TrainingError: The disk has no room for them.
    """
    paths = [Path(path) for path in frame["path"]]
    wanted = len(paths) * size * size * 3 / GIGABYTE
    read = _read_to_disk(paths, size, threads, folder) if wanted > memory else read_photographs(paths, size, threads)
    return Examples(read, frame["label"].to_numpy(np.float32))


def sha256_of_arrays(arrays: Iterable[NDArray[Any]]) -> str:
    """Return the sha256 of arrays, one after the other, each with its type and shape, in hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def read_photographs(paths: list[Path], size: int, threads: int) -> NDArray[np.uint8]:
    """Decode photographs into one array of shape (photographs, size, size, 3)."""
    images = np.empty((len(paths), size, size, 3), np.uint8)

    def decode(place: int) -> None:
        images[place] = read_image(paths[place], size)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(len(paths))))
    return images


def _read_to_disk(paths: list[Path], size: int, threads: int, folder: Path) -> NDArray[np.uint8]:
    shape = (len(paths), size, size, 3)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # Written rather than mapped: a full disk is then an error, and not the end of the process.
            for start in range(0, len(paths), AT_ONCE):
                file.write(read_photographs(paths[start : start + AT_ONCE], size, threads).data)
            file.flush()
            return np.memmap(file, np.uint8, mode="r", shape=shape)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise TrainingError(
            f"The disk of {folder} has no room for {len(paths):,} photographs of {size} pixels, "
            f"{np.prod(shape) / GIGABYTE:.1f} GB: free some, or allow more of the memory (runtime.memory)."
        ) from error


def require_both_labels(examples: Examples, part: str) -> None:
    """Refuse a part that no classifier can be trained or chosen on.

    Raises:
        TrainingError: A label has no photograph.
    """
    for label, name in enumerate(LABELS):
        if not np.any(examples.labels == label):
            raise TrainingError(
                f"{part} holds no {name} photograph among its {len(examples.labels)}: "
                "take more lesions (merge.lesions, simulate.lesions) or a larger share (split)."
            )
