"""One image a member: what it answers to a few images, from its first convolution to its last."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.explain import figures as figure
from dermoscopy.explain.activations import Maps

COLOURS = "turbo"  # jet's order, blue low and red high, without its false edges
TILE, GAP = 1.75, 0.13  # inches
TOP, BOTTOM, LEFT, RIGHT = 1.12, 0.72, 1.72, 0.15
LEAST = 3  # columns of room, for the words below
SEAM = 3  # pixels between two channels


@dataclass(frozen=True)
class Seen:
    """A image as a member is shown it.

    Attributes:
        image: Shape (size, size, 3), values 0 to 255.
        lesion: Shape (size, size), where the lesion is; None if nobody drew it.
        text: What is known of it, some short lines.
    """

    image: NDArray[np.uint8]
    lesion: NDArray[np.bool_] | None
    text: str


def stretch(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Bring each channel to 0 to 1, over all images at once, so that they can be compared.

    Args:
        values: Shape (images, height, width, channels).

    Returns:
        The same shape; a channel that answers the same everywhere is 0.
    """
    wide = values.astype(np.float64)
    low, high = wide.min(axis=(0, 1, 2)), wide.max(axis=(0, 1, 2))
    span = np.where(high > low, high - low, 1.0)
    stretched: NDArray[np.float64] = (wide - low) / span
    return stretched


def mosaic(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Lay the channels of one image side by side, in a grid as square as can be.

    Args:
        values: Shape (height, width, channels).
        side: Of the whole grid, in pixels.

    Returns:
        Shape (side, side), a missing value between channels and where there is none.
    """
    height, width, channels = values.shape
    count = int(np.ceil(np.sqrt(channels)))
    edges = np.linspace(0, side + SEAM, count + 1).round().astype(int)
    grid = np.full((side, side), np.nan)
    for place in range(channels):
        (top, bottom), (left, right) = (edges[split : split + 2] for split in divmod(place, count))
        rows, columns = bottom - SEAM - top, right - SEAM - left
        nearest = np.ix_(np.arange(rows) * height // rows, np.arange(columns) * width // columns)
        grid[top : bottom - SEAM, left : right - SEAM] = values[..., place][nearest]
    return grid


def draw(member: str, images: Sequence[Seen], layers: Sequence[Maps], path: Path, warning: str = "") -> None:
    """Draw the activation maps of a member: a row a image, a column a convolution.

    Args:
        member: Its name.
        images: As many as the maps were made of.
        layers: From `activations.activation_maps`.
        path: The PNG file to write.
        warning: Of a leaky protocol, below the title.
    """
    rows, columns = len(images), 1 + len(layers)
    width = LEFT + max(columns, LEAST) * (TILE + GAP) - GAP + RIGHT
    height = TOP + rows * (TILE + GAP) - GAP + BOTTOM
    page = figure.new(width, height)

    def axes(row: int, column: int) -> Any:
        bottom = height - TOP - row * (TILE + GAP) - TILE
        left = LEFT + column * (TILE + GAP)
        place = page.add_axes((left / width, bottom / height, TILE / width, TILE / height))
        place.axis("off")
        return place

    page.text(0.15 / width, 1 - 0.3 / height, f"Activation maps of {member}", size=14, color=figure.INK, va="center")
    page.text(0.15 / width, 1 - 0.54 / height, warning, va="center", **_text(10))
    stretched = [stretch(layer.values) for layer in layers]
    side = round(TILE * figure.DPI)
    for row, image in enumerate(images):
        place = axes(row, 0)
        place.imshow(image.image)
        if image.lesion is not None:
            place.contour(image.lesion, levels=[0.5], colors="white", linewidths=1.2)
        place.text(-0.06, 0.5, image.text, transform=place.transAxes, ha="right", va="center", **_text(10))
        for column, values in enumerate(stretched, 1):
            place = axes(row, column)
            grid = mosaic(values[row], side)
            place.imshow(grid, cmap=COLOURS, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
        if row == 0:
            _head(page, height, width, layers)
    _scale(page, height, width, any(image.lesion is not None for image in images))
    figure.save(page, path)


def _text(size: float) -> dict[str, Any]:
    return {"size": size, "color": figure.INK, "linespacing": 1.5}


def _head(page: Any, height: float, width: float, layers: Sequence[Maps]) -> None:
    heads = ["as the member sees it"]
    for layer in layers:
        _, rows, columns, _ = layer.values.shape
        heads.append(f"convolution {layer.number} of {layer.total}\n{layer.channels} channels, {columns} × {rows}")
    for column, head in enumerate(heads):
        middle = LEFT + column * (TILE + GAP) + TILE / 2
        page.text(middle / width, 1 - (TOP - 0.08) / height, head, ha="center", va="bottom", **_text(10))


def _scale(page: Any, height: float, width: float, outlined: bool) -> None:
    bar = page.add_axes((LEFT / width, 0.34 / height, TILE / width, 0.12 / height))
    bar.imshow(np.linspace(0, 1, 256)[None, :], cmap=COLOURS, aspect="auto")
    bar.axis("off")
    words = "blue: a channel's lowest answer, red: its highest,\nover the images shown."
    if outlined:
        words += " White line: the lesion."
    page.text((LEFT + TILE + GAP) / width, 0.4 / height, words, ha="left", va="center", **_text(10))
