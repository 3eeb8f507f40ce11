"""The outline of a lesion and how far each point lies inside of it."""

from dataclasses import dataclass

import numpy as np

from dermoscopy.archive.simulate.noise import Field, fractal, step
from dermoscopy.archive.simulate.signs import Signs

DIRECTIONS = 1024  # in which the reach of a shape is known


@dataclass(frozen=True)
class Outline:
    """Where a lesion is, on a square canvas.

    Attributes:
        inside: Positive inside, 0 on the border, negative outside; about the distance to the border
            as a share of the radius.
        cover: How much of the lesion there is at each pixel, from 0 to 1: its border fades.
        angle: Direction from the middle, in radians.
        radius: Mean, in pixels.
    """

    inside: Field
    cover: Field
    angle: Field
    radius: float


def draw_outline(rng: np.random.Generator, side: int, radius: float, softness: float, signs: Signs) -> Outline:
    """Draw an outline: a rounded shape, dented and ragged as its signs say.

    Args:
        rng: The source of randomness.
        side: Of the square canvas, in pixels.
        radius: Mean, in pixels.
        softness: How far the border fades, as a share of the radius.
        signs: Asymmetry dents the shape and adds lobes, border frays it.
    """
    middle = (side - 1) / 2
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) - middle) / radius
    angle = np.arctan2(y, x).astype(np.float32)
    inside = _rounded(rng, x, y, 1.0, signs)
    for _ in range(rng.binomial(2, signs.asymmetry)):
        away, direction = rng.uniform(0.4, 0.8), rng.uniform(0, 2 * np.pi)
        lobe = _rounded(rng, x - away * np.cos(direction), y - away * np.sin(direction), rng.uniform(0.35, 0.6), signs)
        inside = _union(inside, lobe)

    shape = (side, side)
    inside = inside + (0.03 + 0.07 * signs.border) * fractal(rng, shape, 0.55 * radius, 4)
    inside = inside + 0.05 * signs.border * fractal(rng, shape, 0.16 * radius, 2)
    # In malignant lesions the border is abrupt on one side and fades on another.
    uneven = np.exp((0.25 + 0.5 * signs.border) * np.cos(angle - rng.uniform(0, 2 * np.pi)))
    fade = np.maximum(softness * uneven, 1.5 / radius)
    # Nothing may reach the canvas' edge, where the skin would show a cut.
    inside = np.minimum(inside, 0.97 * middle / radius - np.hypot(x, y)).astype(np.float32)
    return Outline(inside, step(inside / fade, -0.6, 1.0), angle, radius)


def _rounded(rng: np.random.Generator, x: Field, y: Field, size: float, signs: Signs) -> Field:
    """Return a closed shape of harmonics: the low ones, odd in particular, make it asymmetric."""
    turns = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    reach = np.ones(DIRECTIONS)
    for order in range(2, 12):
        dented = 0.05 * signs.asymmetry if order in (3, 5) else 0.0
        strength = 0.10 / (order - 1) + dented + 0.035 * signs.border / np.sqrt(order)
        reach += strength * rng.normal() * np.cos(order * turns + rng.uniform(0, 2 * np.pi))
    reach = (size * np.clip(reach, 0.45, 1.6)).astype(np.float32)
    direction = np.round(np.arctan2(y, x) * (DIRECTIONS / (2 * np.pi))).astype(int)
    return np.asarray(reach[direction] - np.hypot(x, y), np.float32)


def _union(first: Field, second: Field, roundness: float = 0.12) -> Field:
    """Join two shapes with a rounded neck (polynomial smooth maximum)."""
    overlap = np.clip(0.5 + 0.5 * (first - second) / roundness, 0, 1)
    return np.asarray(second + (first - second) * overlap + roundness * overlap * (1 - overlap), np.float32)
