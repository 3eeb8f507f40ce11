"""Reproducible figures, and what they show of an image: thumbnail, mask and caption."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from dermoscopy.core.files import atomic_write
from dermoscopy.core.images import open_image, to_rgb
from dermoscopy.core.splits import LABELS

INK = "#1c1b19"
FAINT = "#6b6963"
DPI = 110


def new(width: float, height: float) -> Any:
    """Return an empty white figure; it shares no state with other figures.

    Args:
        width: Width in inches.
        height: Height in inches.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcdefaults()  # without the user's matplotlibrc
    return Figure(figsize=(width, height), dpi=DPI, facecolor="white")


def save(figure: Any, path: Path) -> None:
    """Write a figure as PNG, without the name and version of matplotlib: the bytes stay the same."""
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def thumbnail(path: Path, width: int) -> NDArray[np.uint8]:
    """Return an image with a given width in pixels and its original aspect ratio.

    Returns:
        RGB values from 0 to 255; shape (height, width, 3).
    """
    with open_image(path) as image:
        height = max(1, round(image.height * width / image.width))
        return np.asarray(to_rgb(image).resize((width, height), Image.Resampling.LANCZOS))


def mask(folder: Path, image_id: str, size: int) -> NDArray[np.bool_] | None:
    """Return the mask of a lesion, resized to the square input of a member.

    Args:
        folder: Folder of masks named `<image_id>_segmentation.png`; may be missing or empty.
        image_id: Id of the image.
        size: Width and height of the mask, in pixels.

    Returns:
        True inside the lesion, where the mask exceeds half of its maximum; shape (size, size). None if there is no
        mask or it has no outline.
    """
    path = folder / f"{image_id}_segmentation.png"
    if not path.exists():
        return None
    with open_image(path) as image:
        grey = image.convert("L")
    threshold = np.asarray(grey).max() / 2  # 0 and 255 as published; some programs write 0 and 1
    inside = np.asarray(grey.resize((size, size), Image.Resampling.NEAREST)) > threshold
    return None if inside.all() or not inside.any() else inside


def caption(row: pd.Series) -> str:
    """Return the caption of an image: its id, diagnosis and label."""
    return f"{row['image_id']}\n{row['dx']} · {LABELS[int(row['label'])]}"
