"""The figure of activation maps: one row for each image, one column for each layer shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.explain.activations import Maps
from dermoscopy.explain.tiles import TILE_PIXELS, Tiles

COLOURS = "turbo"  # blue is low and red is high, as in jet, but without its artificial edges
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
    import matplotlib as mpl

    page = Tiles(len(images), 1 + len(layers), f"Activation maps of {member}", warning)
    page.head(0, "input image")
    stretched = [stretch(layer.values) for layer in layers]
    for column, layer in enumerate(layers, 1):
        _, height, width, _ = layer.values.shape
        page.head(column, f"{layer.title}\n{layer.channels} channels\n{width} × {height} pixels each")
    for row, image in enumerate(images):
        page.caption(row, image.text)
        draw_input(page.tile(row, 0), image)
        for column, values in enumerate(stretched, 1):
            grid = mosaic(values[row], TILE_PIXELS)
            tile = page.tile(row, column)
            tile.imshow(grid, cmap=COLOURS, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    words = (
        "blue: lowest activation of a channel,\nred: highest, over the images shown.\nOne block is one pixel of a map."
    )
    if any(image.lesion is not None for image in images):
        words += "\nWhite line: the lesion."
    page.scale(mpl.colormaps[COLOURS](np.linspace(0, 1, 256))[np.newaxis], words)
    page.save(path)


def draw_input(tile: Any, image: ModelInput) -> None:
    """Draw an image in a tile, with the outline of the lesion."""
    tile.imshow(image.image, interpolation="nearest")
    if image.lesion is not None:
        tile.contour(image.lesion, levels=[0.5], colors="white", linewidths=1.2)
