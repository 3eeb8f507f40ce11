"""Thin curved lines: hairs, vessels, fissures."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dermoscopy.archive.simulate.noise import Field

Points = NDArray[np.float64]

OVERSAMPLING = 3


def arc(start: Points, end: Points, bend: float, count: int = 16) -> Points:
    """Return points of a quadratic Bézier curve.

    Args:
        start: x and y, in pixels.
        end: Likewise.
        bend: How far its middle control point leaves the chord, as a share of the chord's length.
        count: Of points.

    Returns:
        Shape (count, 2).
    """
    chord = end - start
    control = (start + end) / 2 + bend * np.array([-chord[1], chord[0]])
    t = np.linspace(0, 1, count)[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)


def walk(rng: np.random.Generator, start: Points, heading: float, length: float, count: int = 16) -> Points:
    """Return points of a line that wanders like a vessel.

    Args:
        rng: The source of randomness.
        start: x and y, in pixels.
        heading: Of its first step, in radians.
        length: In pixels.
        count: Of points.

    Returns:
        Shape (count, 2).
    """
    headings = heading + np.cumsum(rng.normal(0, 0.32, count - 1))
    steps = np.stack([np.cos(headings), np.sin(headings)], axis=1) * length / (count - 1)
    return np.concatenate([start[None], start + np.cumsum(steps, axis=0)])


def paint(shape: tuple[int, int], lines: Iterable[tuple[Points, float, float]]) -> Field:
    """Draw lines whose width changes evenly from one end to the other.

    Args:
        shape: Height and width, in pixels.
        lines: Points, width at the first and at the last of them, in pixels.

    Returns:
        Cover of each pixel, from 0 to 1, of that shape.
    """
    height, width = shape
    image = Image.new("L", (width * OVERSAMPLING, height * OVERSAMPLING))
    draw = ImageDraw.Draw(image)
    for points, first, last in lines:
        along = np.gradient(points, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        half = np.linspace(first, last, len(points))[:, None] / 2
        outline = np.concatenate([points + half * normal, (points - half * normal)[::-1]])
        draw.polygon([tuple(corner) for corner in outline * OVERSAMPLING], fill=255)
    return np.asarray(np.asarray(image.reduce(OVERSAMPLING)) / 255, np.float32)
