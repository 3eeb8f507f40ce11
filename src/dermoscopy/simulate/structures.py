"""The structures dermoscopy names, each as a field of the canvas.

What a lesion does to the colour of the skin it lies in.

The outline of a lesion and how far each point lies inside of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermoscopy.simulate.appearance import Signs
from dermoscopy.simulate.noise import Field, blur, cells, fractal, paint, step, walk

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


def network(rng: np.random.Generator, shape: tuple[int, int], unit: float, irregular: float) -> Field:
    """Draw a pigment network: dark lines around paler holes, 0 to 1.

    Args:
        rng: The source of randomness.
        shape: Height and width, in pixels.
        unit: Height of the image, in pixels.
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


# How much red, green, blue a unit of each absorbs (Beer-Lambert), fitted to the mean colour of nevi
# and vascular lesions of HAM10000 relative to the skin around them.
MELANIN = (0.44, 0.88, 1.02)
BLOOD = (0.16, 0.85, 0.58)
KERATIN = (0.05, 0.18, 0.50)

# What hides the skin under it, red, green, blue from 0 to 1.
BLUE_GREY = (0.36, 0.35, 0.43)
BLUE_BLACK = (0.20, 0.17, 0.25)
WHITE = (0.90, 0.79, 0.80)
FLAKE = (0.90, 0.80, 0.73)
PEARL = (0.90, 0.74, 0.77)
YELLOW = (0.92, 0.80, 0.62)
PLUG = (0.24, 0.14, 0.12)
VIOLET = (0.42, 0.16, 0.34)

Colour = tuple[float, float, float]


class Tissue:
    """A canvas that turns any skin into a lesion: colour = keep * skin + add, at each pixel.

    Absorbing and covering layers are laid one over another; both are linear in the skin's colour,
    so that the whole pile stays one pair of factors, which a image can rotate and scale.
    """

    def __init__(self, side: int) -> None:
        self.keep: NDArray[np.float32] = np.ones((3, side, side), np.float32)
        self.add: NDArray[np.float32] = np.zeros((3, side, side), np.float32)

    def absorb(self, amount: Field, colour: Colour) -> None:
        """Lay a pigment over the canvas."""
        dense = np.maximum(amount, 0)
        for k in range(3):
            through = np.exp(np.float32(-colour[k]) * dense)
            self.keep[k] *= through
            self.add[k] *= through

    def cover(self, opacity: Field, colour: Colour) -> None:
        """Lay something over the canvas that hides what is below, wholly where opacity is 1."""
        hidden = np.clip(opacity, 0, 1)
        self.keep *= 1 - hidden
        for k in range(3):
            self.add[k] += hidden * (np.float32(colour[k]) - self.add[k])
