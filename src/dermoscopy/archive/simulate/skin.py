"""The skin a lesion lies in."""

import numpy as np
from numpy.typing import NDArray

from dermoscopy.archive.simulate.noise import Field, blur, cells, fractal, step
from dermoscopy.archive.simulate.strokes import paint, walk

# Mean colour of the skin in HAM10000's photographs.
FAIR = np.array([0.83, 0.63, 0.64], np.float32)

Tone = NDArray[np.float32]


def draw_tone(rng: np.random.Generator) -> Tone:
    """Draw a patient's skin: its red, green, blue, from pale to tanned and from sallow to flushed."""
    tan, flush = rng.normal(0, [0.07, 0.07])
    return np.asarray(FAIR * np.exp(-tan * np.array([0.5, 1.0, 1.3]) - flush * np.array([0, 1.0, 0.7])), np.float32)


def draw_skin(rng: np.random.Generator, tone: Tone, shape: tuple[int, int], scale: float) -> NDArray[np.float32]:
    """Draw a field of skin: mottled, freckled, crossed by fine furrows, here and there a vessel.

    Args:
        rng: The source of randomness.
        tone: Red, green, blue from 0 to 1.
        shape: Height and width, in pixels.
        scale: Pixels for what fills a photograph's height at its usual distance.

    Returns:
        Red, green and blue planes, shape (3, height, width), about 0 to 1.
    """
    flush = 0.035 * fractal(rng, shape, 0.4 * scale, 3) + 0.03 * fractal(rng, shape, 0.06 * scale, 2)
    flush += 0.13 * _vessels(rng, shape, scale)
    tan = 0.03 * fractal(rng, shape, 0.5 * scale, 4)
    tan += 0.25 * rng.beta(1, 3) * step(fractal(rng, shape, 0.12 * scale, 4), 0.6, 2.4)
    distance, _ = cells(rng, shape, 0.030 * scale, every=2)
    shine = 1 + rng.uniform(0.01, 0.06) * step(distance, 0.30, 0.70) + 0.012 * fractal(rng, shape, 2.5, 1)
    planes = [
        tone[k] * shine * np.exp(-melanin * tan - blood * flush)
        for k, (melanin, blood) in enumerate(zip((0.45, 0.9, 1.0), (0.1, 1.0, 0.75), strict=True))
    ]
    return np.stack(planes).astype(np.float32)


def _vessels(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Field:
    """Draw the fine vessels that show through: few in most skins, many in some."""
    lines = []
    for _ in range(rng.poisson(rng.choice((0.3, 4.0)))):
        start = rng.uniform((0, 0), (shape[1], shape[0]))
        points = walk(rng, start, rng.uniform(0, 2 * np.pi), scale * rng.uniform(0.1, 0.4))
        lines.append((points, 0.010 * scale, 0.004 * scale))
    return blur(paint(shape, lines), 0.005 * scale) if lines else np.zeros(shape, np.float32)
