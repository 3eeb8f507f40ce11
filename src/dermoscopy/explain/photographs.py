"""Photographs and lesion masks, as a picture shows them."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from dermoscopy.images import open_image, to_rgb
from dermoscopy.tables.parts import LABELS


def thumbnail(path: Path, width: int) -> NDArray[np.uint8]:
    """Return a photograph at a given width, its own aspect kept: for people, not for a member.

    Returns:
        Red, green, blue; shape (height, width, 3), values 0 to 255.
    """
    with open_image(path) as image:
        height = max(1, round(image.height * width / image.width))
        return np.asarray(to_rgb(image).resize((width, height), Image.Resampling.LANCZOS))


def mask(folder: Path, image_id: str, size: int) -> NDArray[np.bool_] | None:
    """Return where the lesion is, squashed to the square a member sees.

    Args:
        folder: Masks named `<image_id>_segmentation.png`; may be missing or empty.
        image_id: Of the photograph.
        size: Side of the square, in pixels.

    Returns:
        Shape (size, size); None where there is no mask, or nothing in it to draw a line around.
    """
    path = folder / f"{image_id}_segmentation.png"
    if not path.exists():
        return None
    with open_image(path) as image:
        grey = image.convert("L").resize((size, size), Image.Resampling.NEAREST)
    inside = np.asarray(grey) > 127
    return None if inside.all() or not inside.any() else inside


def caption(row: pd.Series) -> str:
    """Return what is known of a photograph: its id, diagnosis and label."""
    return f"{row['image_id']}\n{row['dx']} · {LABELS[int(row['label'])]}"
