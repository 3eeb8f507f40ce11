"""Hairs over a photograph: none, some, or many."""

import numpy as np
from numpy.typing import NDArray

from dermoscopy.archive.simulate.noise import blur
from dermoscopy.archive.simulate.strokes import arc, paint

DARK = np.array([0.16, 0.10, 0.09], np.float32)
FAIR = np.array([0.62, 0.47, 0.36], np.float32)


def add_hair(rng: np.random.Generator, scene: NDArray[np.float32], amount: float) -> None:
    """Lay thin, bent, tapering hairs with a soft shadow over a scene; some skins are shaved.

    Args:
        rng: The source of randomness.
        scene: Red, green and blue planes, shape (3, height, width), 0 to 1; changed in place.
        amount: From 0 (never any) to 1.
    """
    height, width = shape = scene.shape[1], scene.shape[2]
    density = rng.choice((0.0, 3.0, 8.0, 25.0), p=(0.55, 0.27, 0.13, 0.05))
    count = rng.poisson(2 * amount * density)
    shaved = rng.random() < 0.12
    lean, colour = rng.uniform(0, 2 * np.pi), DARK + np.float32(rng.beta(1, 3)) * (FAIR - DARK)
    lines = []
    for _ in range(count):
        heading = lean + rng.normal(0, 0.5)
        length = height * (rng.uniform(0.02, 0.06) if shaved else rng.uniform(0.3, 1.1))
        start = rng.uniform((0, 0), (width, height))
        end = start + length * np.array([np.cos(heading), np.sin(heading)])
        thick = height * rng.uniform(0.0035, 0.0075)
        lines.append((arc(start, end, rng.normal(0, 0.22)), thick, 0.25 * thick))
    if not lines:
        return
    cover = paint(shape, lines)
    shift = max(1, round(0.008 * height))
    scene *= 1 - 0.22 * blur(np.roll(cover, (shift, shift), (0, 1)), 0.006 * height)
    for k in range(3):
        scene[k] += 0.85 * cover * (colour[k] - scene[k])
