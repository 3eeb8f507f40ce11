"""Draw Grad-CAM maps over images."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermoscopy.explain.maps import COLOURS, ModelInput, draw_input
from dermoscopy.explain.tiles import Tiles

OPACITY = 0.6  # of the highest value of a map; 0 is transparent

EXPLANATION = (
    "transparent: no evidence of malignancy in the features,\nred: most of it, in each map for itself.\n"
    "Maps of different images or members cannot be compared."
)


def overlay(image: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return an image with a map over it.

    Args:
        image: RGB values from 0 to 255; shape (height, width, 3).
        heat: Map, at least 0, of any size; it is enlarged and divided by its maximum.

    Returns:
        RGB values from 0 to 255; shape (height, width, 3).
    """
    import cv2

    height, width = image.shape[:2]
    large = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
    relative = np.clip(large / max(float(large.max()), 1e-12), 0, 1)
    colours = _colours(relative)
    opacity = (OPACITY * relative)[..., np.newaxis]
    mixed = (1 - opacity) * image + 255 * opacity * colours
    return np.asarray(np.rint(mixed), np.uint8)


def _colours(values: NDArray[np.floating]) -> NDArray[np.float64]:
    import matplotlib as mpl

    return np.asarray(mpl.colormaps[COLOURS](values)[..., :3])


def draw_heat(
    images: Sequence[ModelInput],
    maps: Mapping[str, Sequence[NDArray[np.float32]]],
    texts: Mapping[str, Sequence[str]],
    path: Path,
    warning: str = "",
) -> None:
    """Draw the Grad-CAM maps of the members and of the ensemble, one column for each.

    Args:
        images: Images, one for each row.
        maps: Title of each column to the map of each image, shape (height, width).
        texts: Title of each column to a short text for each image, written into its tile.
        path: PNG file to write.
        warning: Warning of a leaky protocol, shown below the title; may be empty.
    """
    page = Tiles(len(images), 1 + len(maps), "Grad-CAM: where features raise the probability of malignancy", warning)
    page.head(0, "test image")
    for column, title in enumerate(maps, 1):
        page.head(column, title)
    for row, image in enumerate(images):
        page.caption(row, image.text)
        draw_input(page.tile(row, 0), image)
        for column, title in enumerate(maps, 1):
            tile = page.tile(row, column)
            shown = overlay(image.image, maps[title][row])
            draw_input(tile, ModelInput(shown, image.lesion, ""))
            style = {"size": 8, "color": "white", "va": "bottom", "transform": tile.transAxes}
            tile.text(
                0.03, 0.03, texts[title][row], bbox={"facecolor": "#000000b0", "edgecolor": "none", "pad": 2}, **style
            )
    outlined = "\nWhite line: the lesion." if any(image.lesion is not None for image in images) else ""
    relative = np.linspace(0, 1, 256)
    opacity = (OPACITY * relative)[:, np.newaxis]
    colours = opacity * _colours(relative) + (1 - opacity)
    page.scale(colours[np.newaxis], EXPLANATION + outlined)
    page.save(path)
