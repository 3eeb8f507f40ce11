"""One photograph of a lesion, and where the lesion is on it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dermoscopy.archive.simulate.camera import draw_view, expose, project
from dermoscopy.archive.simulate.hair import add_hair
from dermoscopy.archive.simulate.lesion import DETAIL, Lesion
from dermoscopy.archive.simulate.skin import Tone, draw_skin


def photograph(
    rng: np.random.Generator, lesion: Lesion, tone: Tone, shape: tuple[int, int], noise: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Take a photograph of a lesion.

    Args:
        rng: The source of randomness; each photograph has its own.
        lesion: What is photographed.
        tone: Of the skin.
        shape: Height and width, in pixels.
        noise: How strongly hair, light, vignette and blur disturb, from 0 to 1.

    Returns:
        The photograph, shape (height, width, 3), and the lesion's mask, shape (height, width), 255
        inside and 0 outside.
    """
    view = draw_view(rng, noise)
    scene = draw_skin(rng, tone, shape, view.zoom * shape[0])
    on_canvas = replace(view, zoom=view.zoom / DETAIL)
    for k in range(3):
        scene[k] *= project(lesion.tissue.keep[k], on_canvas, shape, outside=1.0)
        scene[k] += project(lesion.tissue.add[k], on_canvas, shape, outside=0.0)
    add_hair(rng, scene, noise)
    inside = project(lesion.outline.inside, on_canvas, shape, outside=-1.0) > 0
    return expose(rng, scene, noise), np.where(inside, 255, 0).astype(np.uint8)
