"""The gallery of wrongly classified images: each image, and the ensemble's Grad-CAM over it."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.explain.figures import DPI, FAINT, INK, caption, new, save, thumbnail
from dermoscopy.explain.heat import overlay

COLUMNS = 3  # each an image and its map
WIDTH, SEAM = 2.3, 0.04  # of an image and between it and its map, in inches
HEIGHT = WIDTH * 0.75  # an image keeps its aspect ratio in a cell of 4:3
CELL, ROW = 2 * WIDTH + SEAM + 0.25, HEIGHT + 0.5
MARGIN, TITLE, HEAD = 0.25, 0.88, 0.5


def draw_gallery(
    groups: Mapping[str, pd.DataFrame],
    total: Mapping[str, int],
    paths: Mapping[str, Path],
    heat: Mapping[str, NDArray[np.float32]],
    path: Path,
    subtitle: str = "",
) -> None:
    """Draw groups of wrongly classified images.

    Args:
        groups: Heading to the rows of its images, in the order to draw.
        total: Heading to the total number of its images, with those that are not drawn.
        paths: image_id to its file.
        heat: image_id to the ensemble's Grad-CAM map, see `heat.overlay`.
        path: PNG file to write.
        subtitle: Threshold, and the warning of a leaky protocol, shown below the title.
    """
    lines = {heading: max(1, ceil(len(rows) / COLUMNS)) for heading, rows in groups.items()}
    width = 2 * MARGIN + COLUMNS * CELL - (CELL - 2 * WIDTH - SEAM)
    height = TITLE + sum(HEAD + count * ROW for count in lines.values()) + MARGIN
    page = new(width, height)
    title = "Test images wrongly classified by the ensemble, most confident errors first"
    page.text(MARGIN / width, 1 - 0.32 / height, title, size=13, color=INK, va="center")
    page.text(MARGIN / width, 1 - 0.54 / height, subtitle, size=10, color=INK, va="center")
    legend = "Beside each image: Grad-CAM, the mean over the ensemble's members (red: most evidence of malignancy)"
    page.text(MARGIN / width, 1 - 0.76 / height, legend, size=10, color=INK, va="center")
    top = TITLE
    for heading, rows in groups.items():
        shown = f"{heading}: {total[heading]}" + (f" ({len(rows)} shown)" if len(rows) < total[heading] else "")
        page.text(MARGIN / width, 1 - (top + 0.22) / height, shown, size=11, color=FAINT, va="center")
        top += HEAD
        _group(page, rows, paths, heat, (width, height, top))
        top += lines[heading] * ROW
    save(page, path)


def _group(
    page: Any,
    rows: pd.DataFrame,
    paths: Mapping[str, Path],
    heat: Mapping[str, NDArray[np.float32]],
    position: Sequence[float],
) -> None:
    width, height, top = position
    for number, (_, row) in enumerate(rows.iterrows()):
        image_id = str(row["image_id"])
        image = thumbnail(paths[image_id], round(WIDTH * DPI))
        left, upper = MARGIN + number % COLUMNS * CELL, top + number // COLUMNS * ROW
        for side, pixels in enumerate((image, overlay(image, heat[image_id]))):
            start = left + side * (WIDTH + SEAM)
            axes = page.add_axes((start / width, 1 - (upper + HEIGHT) / height, WIDTH / width, HEIGHT / height))
            axes.imshow(pixels)
            axes.set_anchor("NW")
            axes.axis("off")
        text = f"{caption(row).replace(chr(10), ' · ')} · probability {row['probability']:.2f}"
        style = {"size": 8, "color": INK, "va": "top"}
        page.text(left / width, 1 - (upper + HEIGHT + 0.07) / height, text, **style)
