"""The one way to decode and resize a photograph."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def read_image(path: Path, size: int) -> NDArray[np.uint8]:
    """Decode a photograph and squash its whole field to a square, as the paper did.

    Args:
        path: A JPEG or PNG file.
        size: Side of the square, in pixels.

    Returns:
        Red, green, blue; shape (size, size, 3), values 0 to 255.
    """
    with Image.open(path) as image:
        # The decoder may skip detail that the resize would average away, never below twice the size.
        image.draft("RGB", (2 * size, 2 * size))
        resized = image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(resized)
