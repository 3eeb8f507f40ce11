"""What a photograph tells without its shapes: its colours, or a thumbnail."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermoscopy.images import read_image

Features = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def colour_quantiles(count: int) -> Features:
    """Return what describes a photograph by quantiles of each channel.

    Colour statistics are the handcrafted features that were state of the art before networks;
    here without any segmentation.

    Args:
        count: Quantiles a channel, evenly apart and without the extremes: 9 are the deciles.

    Returns:
        A function from shape (size, size, 3) to (3 * count,), values 0 to 1.
    """
    shares = np.arange(1, count + 1) / (count + 1)
    return lambda image: np.quantile(image / 255, shares, axis=(0, 1)).ravel()


def pixels(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Describe a photograph by its pixels: from (size, size, 3) to (3 * size ** 2,), values 0 to 1."""
    return image.ravel() / 255


def describe(paths: Sequence[Path], size: int, features: Features) -> NDArray[np.float64]:
    """Read photographs, squash each to a square and describe it.

    Args:
        paths: JPEG or PNG files.
        size: Side of the square, in pixels.
        features: Describes one.

    Returns:
        In the order of `paths`; shape (photographs, features).
    """
    with ThreadPoolExecutor() as pool:  # Pillow decodes outside the interpreter's lock
        return np.stack(list(pool.map(lambda path: features(read_image(path, size)), paths)))
