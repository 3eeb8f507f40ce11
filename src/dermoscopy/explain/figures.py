"""Reproducible figures: the gallery of wrongly classified images, thumbnails, masks and captions."""

from collections.abc import Mapping, Sequence
from math import ceil
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


COLUMNS = 4
WIDTH = 2.3  # of an image, in inches; it keeps its aspect ratio in a cell of 4:3
CELL, ROW = WIDTH + 0.18, WIDTH * 0.75 + 0.72
MARGIN, TITLE, HEAD = 0.25, 0.7, 0.5


def draw_gallery(
    groups: Mapping[str, pd.DataFrame],
    total: Mapping[str, int],
    paths: Mapping[str, Path],
    path: Path,
    subtitle: str = "",
) -> None:
    """Draw groups of wrongly classified images.

    Args:
        groups: Heading to the rows of its images, in the order to draw.
        total: Heading to the total number of its images, with those that are not drawn.
        paths: image_id to its file.
        path: PNG file to write.
        subtitle: Threshold, and the warning of a leaky protocol, shown below the title.
    """
    lines = {heading: max(1, ceil(len(rows) / COLUMNS)) for heading, rows in groups.items()}
    width = 2 * MARGIN + COLUMNS * CELL - (CELL - WIDTH)
    height = TITLE + sum(HEAD + count * ROW for count in lines.values()) + MARGIN
    page = new(width, height)
    title = "Test images wrongly classified by the ensemble, most confident errors first"
    page.text(MARGIN / width, 1 - 0.32 / height, title, size=13, color=INK, va="center")
    page.text(MARGIN / width, 1 - 0.54 / height, subtitle, size=10, color=INK, va="center")
    top = TITLE
    for heading, rows in groups.items():
        shown = f"{heading}: {total[heading]}" + (f" ({len(rows)} shown)" if len(rows) < total[heading] else "")
        page.text(MARGIN / width, 1 - (top + 0.22) / height, shown, size=11, color=FAINT, va="center")
        top += HEAD
        _group(page, rows, paths, (width, height, top))
        top += lines[heading] * ROW
    save(page, path)


def _group(page: Any, rows: pd.DataFrame, paths: Mapping[str, Path], position: Sequence[float]) -> None:
    width, height, top = position
    for number, (_, row) in enumerate(rows.iterrows()):
        left = MARGIN + number % COLUMNS * CELL
        upper = top + number // COLUMNS * ROW
        cell_height = WIDTH * 0.75
        axes = page.add_axes((left / width, 1 - (upper + cell_height) / height, WIDTH / width, cell_height / height))
        axes.imshow(thumbnail(paths[row["image_id"]], round(WIDTH * DPI)))
        axes.set_anchor("NW")
        axes.axis("off")
        text = f"{caption(row)} · probability {row['probability']:.2f}"
        style = {"size": 8, "color": INK, "va": "top", "linespacing": 1.5}
        page.text(left / width, 1 - (upper + cell_height + 0.07) / height, text, **style)
