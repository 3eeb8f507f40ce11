"""One picture of the photographs the members get wrong."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd

from dermoscopy.explain import figure
from dermoscopy.explain.photographs import caption, thumbnail

COLUMNS = 4
WIDTH = 2.3  # inches, of a photograph; it keeps its own aspect in a cell of 4:3
CELL, ROW = WIDTH + 0.18, WIDTH * 0.75 + 0.72
MARGIN, TITLE, HEAD = 0.25, 0.55, 0.5


def draw(
    groups: Mapping[str, pd.DataFrame],
    total: Mapping[str, int],
    paths: Mapping[str, Path],
    path: Path,
    warning: str = "",
) -> None:
    """Draw groups of wrongly classified photographs, the worst first.

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
    page = figure.new(width, height)
    title = "Test photographs that the mean of the members calls wrongly, the worst first"
    page.text(MARGIN / width, 1 - 0.32 / height, title, size=13, color=figure.INK, va="center")
    page.text(MARGIN / width, 1 - 0.54 / height, warning, size=10, color=figure.INK, va="center")
    top = TITLE
    for heading, rows in groups.items():
        shown = f"{heading}: {total[heading]}" + (f", {len(rows)} of them shown" if len(rows) < total[heading] else "")
        page.text(MARGIN / width, 1 - (top + 0.22) / height, shown, size=11, color=figure.FAINT, va="center")
        top += HEAD
        _group(page, rows, paths, (width, height, top))
        top += lines[heading] * ROW
    figure.save(page, path)


def _group(page: Any, rows: pd.DataFrame, paths: Mapping[str, Path], place: Sequence[float]) -> None:
    width, height, top = place
    for number, (_, row) in enumerate(rows.iterrows()):
        left = MARGIN + number % COLUMNS * CELL
        upper = top + number // COLUMNS * ROW
        tall = WIDTH * 0.75
        axes = page.add_axes((left / width, 1 - (upper + tall) / height, WIDTH / width, tall / height))
        axes.imshow(thumbnail(paths[row["image_id"]], round(WIDTH * figure.DPI)))
        axes.set_anchor("NW")
        axes.axis("off")
        text = f"{caption(row)} · mean probability {row['probability']:.2f}"
        words = {"size": 8, "color": figure.INK, "va": "top", "linespacing": 1.5}
        page.text(left / width, 1 - (upper + tall + 0.07) / height, text, **words)
