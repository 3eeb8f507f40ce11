"""The figure of activation maps: one row for each image, one column for each convolutional layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.explain.activations import Maps
from dermoscopy.explain.figures import DPI, INK, new, save

COLOURS = "turbo"  # blue is low and red is high, as in jet, but without its artificial edges
TILE, GAP = 1.75, 0.13  # inches
TOP, BOTTOM, LEFT, RIGHT = 1.34, 1.1, 1.72, 0.15
MIN_COLUMNS = 3  # the text below needs their width
SEAM = 3  # pixels between two channels


@dataclass(frozen=True)
class ModelInput:
    """An image in the size of the input of a member.

    Attributes:
        image: RGB values from 0 to 255; shape (size, size, 3).
        lesion: Mask of the lesion, shape (size, size); None if there is no mask.
        text: Caption in a few short lines.
    """

    image: NDArray[np.uint8]
    lesion: NDArray[np.bool_] | None
    text: str


def stretch(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scale each channel to the range 0 to 1 over all images, so that images can be compared.

    Args:
        values: Activations; shape (images, height, width, channels).

    Returns:
        Scaled activations of the same shape; a constant channel is 0.
    """
    wide = values.astype(np.float64)
    low, high = wide.min(axis=(0, 1, 2)), wide.max(axis=(0, 1, 2))
    span = np.where(high > low, high - low, 1.0)
    stretched: NDArray[np.float64] = (wide - low) / span
    return stretched


def mosaic(values: NDArray[np.float64], image_size: int) -> NDArray[np.float64]:
    """Arrange the channels of one image in a grid that is as square as possible.

    Args:
        values: Activations; shape (height, width, channels).
        image_size: Width and height of the grid, in pixels.

    Returns:
        Shape (image_size, image_size); NaN between channels and in empty cells.
    """
    height, width, channels = values.shape
    count = int(np.ceil(np.sqrt(channels)))
    edges = np.linspace(0, image_size + SEAM, count + 1).round().astype(int)
    grid = np.full((image_size, image_size), np.nan)
    for channel in range(channels):
        (top, bottom), (left, right) = (edges[cell : cell + 2] for cell in divmod(channel, count))
        rows, columns = bottom - SEAM - top, right - SEAM - left
        nearest = np.ix_(np.arange(rows) * height // rows, np.arange(columns) * width // columns)
        grid[top : bottom - SEAM, left : right - SEAM] = values[..., channel][nearest]
    return grid


def draw_maps(member: str, images: Sequence[ModelInput], layers: Sequence[Maps], path: Path, warning: str = "") -> None:
    """Draw the activation maps of a member.

    Args:
        member: Name of the member.
        images: Input images of the maps, one for each row.
        layers: Activation maps from `activations.activation_maps`, one for each column.
        path: PNG file to write.
        warning: Warning of a leaky protocol, shown below the title; may be empty.
    """
    rows, columns = len(images), 1 + len(layers)
    width = LEFT + max(columns, MIN_COLUMNS) * (TILE + GAP) - GAP + RIGHT
    height = TOP + rows * (TILE + GAP) - GAP + BOTTOM
    page = new(width, height)

    def axes(row: int, column: int) -> Any:
        bottom = height - TOP - row * (TILE + GAP) - TILE
        left = LEFT + column * (TILE + GAP)
        tile = page.add_axes((left / width, bottom / height, TILE / width, TILE / height))
        tile.axis("off")
        return tile

    page.text(0.15 / width, 1 - 0.3 / height, f"Activation maps of {member}", size=14, color=INK, va="center")
    page.text(0.15 / width, 1 - 0.54 / height, warning, va="center", **_text(10))
    stretched = [stretch(layer.values) for layer in layers]
    image_size = round(TILE * DPI)
    for row, image in enumerate(images):
        tile = axes(row, 0)
        tile.imshow(image.image, interpolation="nearest")
        if image.lesion is not None:
            tile.contour(image.lesion, levels=[0.5], colors="white", linewidths=1.2)
        tile.text(-0.06, 0.5, image.text, transform=tile.transAxes, ha="right", va="center", **_text(10))
        for column, values in enumerate(stretched, 1):
            tile = axes(row, column)
            grid = mosaic(values[row], image_size)
            tile.imshow(grid, cmap=COLOURS, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
        if row == 0:
            _head(page, height, width, layers)
    _scale(page, height, width, any(image.lesion is not None for image in images))
    save(page, path)


def _text(size: float) -> dict[str, Any]:
    return {"size": size, "color": INK, "linespacing": 1.5}


def _head(page: Any, height: float, width: float, layers: Sequence[Maps]) -> None:
    heads = ["input image"]
    for layer in layers:
        _, rows, columns, _ = layer.values.shape
        heads.append(
            f"convolution {layer.number} of {layer.total}\n{layer.channels} channels\n{columns} × {rows} pixels each"
        )
    for column, head in enumerate(heads):
        middle = LEFT + column * (TILE + GAP) + TILE / 2
        page.text(middle / width, 1 - (TOP - 0.08) / height, head, ha="center", va="bottom", **_text(10))


def _scale(page: Any, height: float, width: float, outlined: bool) -> None:
    bar = page.add_axes((LEFT / width, 0.8 / height, TILE / width, 0.12 / height))
    bar.imshow(np.linspace(0, 1, 256)[None, :], cmap=COLOURS, aspect="auto")
    bar.axis("off")
    words = (
        "blue: lowest activation of a channel,\nred: highest, over the images shown.\nOne block is one pixel of a map."
    )
    if outlined:
        words += "\nWhite line: the lesion."
    page.text((LEFT + TILE + GAP) / width, 0.96 / height, words, ha="left", va="top", **_text(10))
