"""The structures dermoscopy names, each as a field of the canvas."""

import numpy as np

from dermoscopy.archive.simulate.noise import Field, blur, cells, fractal, step
from dermoscopy.archive.simulate.outline import Outline
from dermoscopy.archive.simulate.strokes import paint, walk


def network(rng: np.random.Generator, shape: tuple[int, int], unit: float, irregular: float) -> Field:
    """Draw a pigment network: dark lines around paler holes, 0 to 1.

    Args:
        rng: The source of randomness.
        shape: Height and width, in pixels.
        unit: Height of the photograph, in pixels.
        irregular: From 0 (even meshes) to 1 (broad, broken lines).
    """
    distance, _ = cells(rng, shape, 0.036 * unit)
    lines = step(blur(distance, 0.003 * unit), 0.28, 0.62)
    patches = step(fractal(rng, shape, 0.2 * unit), -1.0 + irregular, 0.6 + irregular)
    return lines * (0.4 + 0.6 * patches)


def dots(rng: np.random.Generator, shape: tuple[int, int], spacing: float, size: float, share: float) -> Field:
    """Draw round dots, 0 to 1, at a share of the cells of a tissue.

    Args:
        rng: The source of randomness.
        shape: Height and width, in pixels.
        spacing: Of the cells, in pixels.
        size: Largest radius of a dot as a share of the spacing.
        share: Of the cells that have one.
    """
    distance, kind = cells(rng, shape, spacing, every=2)
    reach = size * np.sqrt(np.clip(1 - kind / max(share, 1e-6), 0, None))
    # A pixel's breadth is what keeps small dots from being stair-cased.
    soft = max(0.35 * size, 1.3 / spacing)
    return np.asarray(np.clip((reach - distance) / soft + 0.5, 0, 1) * (kind < share), np.float32)


def blotches(rng: np.random.Generator, shape: tuple[int, int], grain: float, share: float) -> Field:
    """Draw irregular blotches, 0 to 1, that cover about a share of the canvas."""
    field = fractal(rng, shape, grain, 4)
    threshold = 2.2 * (0.5 - share)
    return step(field, threshold - 0.35, threshold + 0.35)


def patch(rng: np.random.Generator, outline: Outline, away: float, size: float) -> Field:
    """Draw one soft patch, 0 to 1, in a random direction.

    Args:
        rng: The source of randomness.
        outline: Of the lesion it lies in.
        away: Distance of its middle from the lesion's, as a share of the radius.
        size: Its radius, likewise.
    """
    side = outline.inside.shape[0]
    direction = rng.uniform(0, 2 * np.pi)
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) - (side - 1) / 2) / outline.radius
    distance = np.hypot(x - away * np.cos(direction), y - away * np.sin(direction)) / size
    ragged = distance + 0.22 * fractal(rng, outline.inside.shape, 0.5 * outline.radius, 4)
    return step(-ragged, -1.3, -0.45)


def nests(rng: np.random.Generator, outline: Outline, amount: float) -> Field:
    """Draw ovoid nests, 0 to 1: a handful of blurred ellipses, more of them towards one side."""
    side = outline.inside.shape[0]
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) - (side - 1) / 2) / outline.radius
    field = np.full((side, side), -9.0, np.float32)
    towards = rng.uniform(0, 2 * np.pi)
    for _ in range(rng.poisson(7 * amount)):
        direction, away = towards + rng.normal(0, 1.1), 0.85 * np.sqrt(rng.random())
        turn, length = rng.uniform(0, np.pi), rng.uniform(0.08, 0.24)
        breadth = length * rng.uniform(0.5, 0.9)
        dx, dy = x - away * np.cos(direction), y - away * np.sin(direction)
        along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        field = np.maximum(field, 1 - np.hypot(along / length, across / breadth))
    return step(field + 0.12 * fractal(rng, (side, side), 0.2 * outline.radius), -0.15, 0.5)


def vessels(rng: np.random.Generator, outline: Outline, unit: float, amount: float) -> Field:
    """Draw branching vessels, 0 to 1, each thinner than the one it leaves."""
    side = outline.inside.shape[0]
    lines = []
    for _ in range(rng.poisson(5 * amount)):
        direction, away = rng.uniform(0, 2 * np.pi), outline.radius * rng.uniform(0.4, 1.0)
        start = (side - 1) / 2 + away * np.array([np.cos(direction), np.sin(direction)])
        heading = direction + np.pi + rng.normal(0, 0.7)
        stem = walk(rng, start, heading, outline.radius * rng.uniform(0.6, 1.2))
        width = unit * rng.uniform(0.006, 0.010)
        lines.append((stem, width, 0.3 * width))
        for _ in range(rng.poisson(3)):
            fork = rng.integers(3, 13)
            aside = heading + rng.choice((-1, 1)) * rng.uniform(0.4, 1.1)
            twig = walk(rng, stem[fork], aside, outline.radius * rng.uniform(0.2, 0.5))
            lines.append((twig, 0.6 * width, 0.2 * width))
    return paint((side, side), lines)


def streaks(rng: np.random.Generator, outline: Outline) -> Field:
    """Draw radial streaks, 0 to 1, that stick out of a part of the rim."""
    count = rng.integers(16, 34)
    wave = np.cos(count * outline.angle + 2.5 * fractal(rng, outline.inside.shape, 0.7 * outline.radius))
    length = 0.14 + 0.05 * fractal(rng, outline.inside.shape, 0.4 * outline.radius)
    rim = step(-abs(outline.inside) / np.maximum(length, 0.02), -1.0, -0.3)
    part = step(np.cos(outline.angle - rng.uniform(0, 2 * np.pi)), -0.3, 0.4)
    return step(wave, 0.1, 0.9) * rim * part


def furrows(rng: np.random.Generator, shape: tuple[int, int], grain: float) -> Field:
    """Draw winding furrows, 0 to 1, as between the gyri of a brain: where a field changes its sign."""
    return step(-abs(fractal(rng, shape, grain, 2)), -0.16, -0.03)
