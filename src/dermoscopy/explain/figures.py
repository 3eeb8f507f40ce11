"""Headline that come out the same, byte for byte, on every run.

One image of the images the members get wrong.

Images and lesion masks, as a image shows them.
"""

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
    """Return an empty white figure, in inches; no window, no state shared with other figures."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, facecolor="white")


def save(figure: Any, path: Path) -> None:
    """Write a figure as PNG, without the name and version of what wrote it."""
    with atomic_write(path) as beside:
        figure.savefig(beside, format="png", metadata={"Software": None})


def thumbnail(path: Path, width: int) -> NDArray[np.uint8]:
    """Return a image at a given width, its own aspect kept: for people, not for a member.

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
        image_id: Of the image.
        size: ImageSize of the square, in pixels.

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
    """Return what is known of a image: its id, diagnosis and label."""
    return f"{row['image_id']}\n{row['dx']} · {LABELS[int(row['label'])]}"


COLUMNS = 4
WIDTH = 2.3  # inches, of a image; it keeps its own aspect in a cell of 4:3
CELL, ROW = WIDTH + 0.18, WIDTH * 0.75 + 0.72
MARGIN, TITLE, HEAD = 0.25, 0.55, 0.5


def draw(
    groups: Mapping[str, pd.DataFrame],
    total: Mapping[str, int],
    paths: Mapping[str, Path],
    path: Path,
    warning: str = "",
) -> None:
    """Draw groups of wrongly classified images, the worst first.

    Args:
        groups: Heading to rows of `choose.worst`, in the order to draw.
        total: Heading to how many there are in all.
        paths: image_id to its file.
        path: The PNG file to write.
        warning: Of a leaky protocol, below the title.
    """
    lines = {heading: max(1, ceil(len(rows) / COLUMNS)) for heading, rows in groups.items()}
    width = 2 * MARGIN + COLUMNS * CELL - (CELL - WIDTH)
    height = TITLE + sum(HEAD + count * ROW for count in lines.values()) + MARGIN
    page = new(width, height)
    title = "Test images that the mean of the members calls wrongly, the worst first"
    page.text(MARGIN / width, 1 - 0.32 / height, title, size=13, color=INK, va="center")
    page.text(MARGIN / width, 1 - 0.54 / height, warning, size=10, color=INK, va="center")
    top = TITLE
    for heading, rows in groups.items():
        shown = f"{heading}: {total[heading]}" + (f", {len(rows)} of them shown" if len(rows) < total[heading] else "")
        page.text(MARGIN / width, 1 - (top + 0.22) / height, shown, size=11, color=FAINT, va="center")
        top += HEAD
        _group(page, rows, paths, (width, height, top))
        top += lines[heading] * ROW
    save(page, path)


def _group(page: Any, rows: pd.DataFrame, paths: Mapping[str, Path], place: Sequence[float]) -> None:
    width, height, top = place
    for number, (_, row) in enumerate(rows.iterrows()):
        left = MARGIN + number % COLUMNS * CELL
        upper = top + number // COLUMNS * ROW
        tall = WIDTH * 0.75
        axes = page.add_axes((left / width, 1 - (upper + tall) / height, WIDTH / width, tall / height))
        axes.imshow(thumbnail(paths[row["image_id"]], round(WIDTH * DPI)))
        axes.set_anchor("NW")
        axes.axis("off")
        text = f"{caption(row)} · mean probability {row['probability']:.2f}"
        words = {"size": 8, "color": INK, "va": "top", "linespacing": 1.5}
        page.text(left / width, 1 - (upper + tall + 0.07) / height, text, **words)
