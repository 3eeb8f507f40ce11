"""A page of square tiles: one row for each image, with its caption at the left, and columns with headings."""

from pathlib import Path
from typing import Any

from dermoscopy.explain.figures import DPI, INK, new, save

TILE, GAP = 1.75, 0.13  # inches
TOP, BOTTOM, LEFT, RIGHT = 1.34, 1.1, 1.72, 0.15
MIN_COLUMNS = 3  # the text below needs their width
TILE_PIXELS = round(TILE * DPI)


class Tiles:
    """Page of tiles.

    Args:
        rows: Number of images.
        columns: Number of columns.
        title: Title of the page.
        warning: Warning of a leaky protocol, shown below the title; may be empty.
    """

    def __init__(self, rows: int, columns: int, title: str, warning: str) -> None:
        self.rows = rows
        self.width = LEFT + max(columns, MIN_COLUMNS) * (TILE + GAP) - GAP + RIGHT
        self.height = TOP + rows * (TILE + GAP) - GAP + BOTTOM
        self.page = new(self.width, self.height)
        self.write(0.15, self.height - 0.3, title, 14, va="center")
        self.write(0.15, self.height - 0.54, warning, va="center")

    def tile(self, row: int, column: int) -> Any:
        """Return the axes of a tile, without frame."""
        bottom = self.height - TOP - row * (TILE + GAP) - TILE
        left = LEFT + column * (TILE + GAP)
        axes = self.page.add_axes((left / self.width, bottom / self.height, TILE / self.width, TILE / self.height))
        axes.axis("off")
        return axes

    def head(self, column: int, text: str) -> None:
        """Write the heading of a column, in up to three lines."""
        middle = LEFT + column * (TILE + GAP) + TILE / 2
        self.write(middle, self.height - (TOP - 0.08), text, ha="center", va="bottom")

    def caption(self, row: int, text: str) -> None:
        """Write the caption of an image, in a few short lines."""
        middle = self.height - TOP - row * (TILE + GAP) - TILE / 2
        self.write(LEFT - 0.1, middle, text, ha="right", va="center")

    def scale(self, colours: Any, text: str) -> None:
        """Draw a bar of colours, from low to high, below the first column, and explain it at its right.

        Args:
            colours: Colours from low to high, shape (1, colours, 3) or (1, colours, 4), from 0 to 1.
            text: Explanation in up to four lines.
        """
        bar = self.page.add_axes((LEFT / self.width, 0.8 / self.height, TILE / self.width, 0.12 / self.height))
        bar.imshow(colours, aspect="auto")
        bar.axis("off")
        self.write(LEFT + TILE + GAP, 0.96, text, ha="left", va="top")

    def write(self, left: float, bottom: float, text: str, size: float = 10, **style: Any) -> None:
        """Write text at a position in inches."""
        self.page.text(left / self.width, bottom / self.height, text, size=size, color=INK, linespacing=1.5, **style)

    def save(self, path: Path) -> None:
        """Write the page as a PNG file."""
        save(self.page, path)
