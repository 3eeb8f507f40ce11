"""The photographs of one part, in memory."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.errors import TrainingError
from dermoscopy.images import read_image
from dermoscopy.tables.parts import LABELS


@dataclass(frozen=True)
class Examples:
    """Photographs and what they are.

    Attributes:
        images: Red, green, blue; shape (photographs, side, side, 3), uint8.
        labels: 0 benign, 1 malignant; shape (photographs,), float32.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.float32]


def read_examples(frame: pd.DataFrame, size: int, threads: int) -> Examples:
    """Decode the photographs of a part once, in the order of its table.

    Args:
        frame: Rows of a part's table.
        size: Side of the square wanted, in pixels.
        threads: Decoding at a time.
    """
    images = read_photographs([Path(path) for path in frame["path"]], size, threads)
    return Examples(images, frame["label"].to_numpy(np.float32))


def read_photographs(paths: list[Path], size: int, threads: int) -> NDArray[np.uint8]:
    """Decode photographs into one array of shape (photographs, size, size, 3)."""
    images = np.empty((len(paths), size, size, 3), np.uint8)

    def decode(place: int) -> None:
        images[place] = read_image(paths[place], size)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(len(paths))))
    return images


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
