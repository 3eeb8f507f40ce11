"""Outline of a lesion, the structures that dermoscopy names, and their effect on the colour of the skin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermoscopy.simulate.appearance import Signs
from dermoscopy.simulate.noise import Field, blur, cells, fractal, paint, step, walk

DIRECTIONS = 1024  # directions in which the radius of a shape is computed


@dataclass(frozen=True)
class Outline:
    """Outline of a lesion on a square canvas.

    Attributes:
        inside: Approximate distance of each pixel to the border, as a fraction of the radius: positive inside,
            0 on the border, negative outside.
        cover: Opacity of the lesion at each pixel, from 0 to 1: its border fades.
        angle: Direction of each pixel from the centre, in radians.
        radius: Mean radius, in pixels.
    """

    inside: Field
    cover: Field
    angle: Field
    radius: float


def draw_outline(rng: np.random.Generator, canvas_size: int, radius: float, softness: float, signs: Signs) -> Outline:
    """Draw an outline: a rounded shape, dented and ragged depending on the signs.

    Args:
        rng: Random generator.
        canvas_size: Width and height of the canvas, in pixels.
        radius: Mean radius, in pixels.
        softness: Width of the fading border, as a fraction of the radius.
        signs: Signs of malignancy; asymmetry dents the shape and adds lobes, border makes it ragged.
    """
    middle = (canvas_size - 1) / 2
    y, x = (np.mgrid[0:canvas_size, 0:canvas_size].astype(np.float32) - middle) / radius
    angle = np.arctan2(y, x).astype(np.float32)
    inside = _rounded(rng, x, y, 1.0, signs)
    for _ in range(rng.binomial(2, signs.asymmetry)):
        away, direction = rng.uniform(0.4, 0.8), rng.uniform(0, 2 * np.pi)
        lobe = _rounded(rng, x - away * np.cos(direction), y - away * np.sin(direction), rng.uniform(0.35, 0.6), signs)
        inside = _union(inside, lobe)

    shape = (canvas_size, canvas_size)
    inside = inside + (0.03 + 0.07 * signs.border) * fractal(rng, shape, 0.55 * radius, 4)
    inside = inside + 0.05 * signs.border * fractal(rng, shape, 0.16 * radius, 2)
    # In malignant lesions the border is abrupt on one side and fades on another.
    uneven = np.exp((0.25 + 0.5 * signs.border) * np.cos(angle - rng.uniform(0, 2 * np.pi)))
    fade = np.maximum(softness * uneven, 1.5 / radius)
    # The lesion must not reach the edge of the canvas: the skin would show a straight line there.
    inside = np.minimum(inside, 0.97 * middle / radius - np.hypot(x, y)).astype(np.float32)
    return Outline(inside, step(inside / fade, -0.6, 1.0), angle, radius)


def _rounded(rng: np.random.Generator, x: Field, y: Field, size: float, signs: Signs) -> Field:
    """Return a closed shape, a sum of harmonics; low odd harmonics make it asymmetric."""
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
        rng: Random generator.
        shape: Height and width, in pixels.
        unit: Height of the image, in pixels.
        irregular: Irregularity, from 0 (regular meshes) to 1 (broad, broken lines).
    """
    distance, _ = cells(rng, shape, 0.036 * unit)
    lines = step(blur(distance, 0.003 * unit), 0.28, 0.62)
    patches = step(fractal(rng, shape, 0.2 * unit), -1.0 + irregular, 0.6 + irregular)
    return lines * (0.4 + 0.6 * patches)


def dots(rng: np.random.Generator, shape: tuple[int, int], spacing: float, size: float, fraction: float) -> Field:
    """Draw round dots, 0 to 1, in a fraction of the cells of a tissue.

    Args:
        rng: Random generator.
        shape: Height and width, in pixels.
        spacing: Spacing of the cells, in pixels.
        size: Largest radius of a dot, as a fraction of the spacing.
        fraction: Fraction of cells with a dot.
    """
    distance, kind = cells(rng, shape, spacing, every=2)
    reach = size * np.sqrt(np.clip(1 - kind / max(fraction, 1e-6), 0, None))
    # The border of a dot fades over a pixel or more, so that small dots have no stair-cased border.
    soft = max(0.35 * size, 1.3 / spacing)
    return np.asarray(np.clip((reach - distance) / soft + 0.5, 0, 1) * (kind < fraction), np.float32)


def blotches(rng: np.random.Generator, shape: tuple[int, int], grain: float, fraction: float) -> Field:
    """Draw irregular blotches, 0 to 1, that cover about a fraction of the canvas.

    Args:
        rng: Random generator.
        shape: Height and width, in pixels.
        grain: Size of the largest blotches, in pixels.
        fraction: Approximate fraction of the canvas that is covered.
    """
    field = fractal(rng, shape, grain, 4)
    threshold = 2.2 * (0.5 - fraction)
    return step(field, threshold - 0.35, threshold + 0.35)


def patch(rng: np.random.Generator, outline: Outline, away: float, size: float) -> Field:
    """Draw one soft patch, 0 to 1, in a random direction.

    Args:
        rng: Random generator.
        outline: Outline of the lesion.
        away: Distance of its centre from the lesion's centre, as a fraction of the lesion's radius.
        size: Radius of the patch, as a fraction of the lesion's radius.
    """
    canvas_size = outline.inside.shape[0]
    direction = rng.uniform(0, 2 * np.pi)
    y, x = (np.mgrid[0:canvas_size, 0:canvas_size].astype(np.float32) - (canvas_size - 1) / 2) / outline.radius
    distance = np.hypot(x - away * np.cos(direction), y - away * np.sin(direction)) / size
    ragged = distance + 0.22 * fractal(rng, outline.inside.shape, 0.5 * outline.radius, 4)
    return step(-ragged, -1.3, -0.45)


def nests(rng: np.random.Generator, outline: Outline, amount: float) -> Field:
    """Draw ovoid nests, 0 to 1: some blurred ellipses, more of them in one direction."""
    canvas_size = outline.inside.shape[0]
    y, x = (np.mgrid[0:canvas_size, 0:canvas_size].astype(np.float32) - (canvas_size - 1) / 2) / outline.radius
    field = np.full((canvas_size, canvas_size), -9.0, np.float32)
    towards = rng.uniform(0, 2 * np.pi)
    for _ in range(rng.poisson(7 * amount)):
        direction, away = towards + rng.normal(0, 1.1), 0.85 * np.sqrt(rng.random())
        turn, length = rng.uniform(0, np.pi), rng.uniform(0.08, 0.24)
        breadth = length * rng.uniform(0.5, 0.9)
        dx, dy = x - away * np.cos(direction), y - away * np.sin(direction)
        along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        field = np.maximum(field, 1 - np.hypot(along / length, across / breadth))
    return step(field + 0.12 * fractal(rng, (canvas_size, canvas_size), 0.2 * outline.radius), -0.15, 0.5)


def vessels(rng: np.random.Generator, outline: Outline, unit: float, amount: float) -> Field:
    """Draw branching vessels, 0 to 1; each branch is thinner than its stem."""
    canvas_size = outline.inside.shape[0]
    lines = []
    for _ in range(rng.poisson(5 * amount)):
        direction, away = rng.uniform(0, 2 * np.pi), outline.radius * rng.uniform(0.4, 1.0)
        start = (canvas_size - 1) / 2 + away * np.array([np.cos(direction), np.sin(direction)])
        heading = direction + np.pi + rng.normal(0, 0.7)
        stem = walk(rng, start, heading, outline.radius * rng.uniform(0.6, 1.2))
        width = unit * rng.uniform(0.006, 0.010)
        lines.append((stem, width, 0.3 * width))
        for _ in range(rng.poisson(3)):
            fork = rng.integers(3, 13)
            aside = heading + rng.choice((-1, 1)) * rng.uniform(0.4, 1.1)
            twig = walk(rng, stem[fork], aside, outline.radius * rng.uniform(0.2, 0.5))
            lines.append((twig, 0.6 * width, 0.2 * width))
    return paint((canvas_size, canvas_size), lines)


def streaks(rng: np.random.Generator, outline: Outline) -> Field:
    """Draw radial streaks, 0 to 1, across a section of the rim."""
    count = rng.integers(16, 34)
    wave = np.cos(count * outline.angle + 2.5 * fractal(rng, outline.inside.shape, 0.7 * outline.radius))
    length = 0.14 + 0.05 * fractal(rng, outline.inside.shape, 0.4 * outline.radius)
    rim = step(-abs(outline.inside) / np.maximum(length, 0.02), -1.0, -0.3)
    section = step(np.cos(outline.angle - rng.uniform(0, 2 * np.pi)), -0.3, 0.4)
    return step(wave, 0.1, 0.9) * rim * section


def furrows(rng: np.random.Generator, shape: tuple[int, int], grain: float) -> Field:
    """Draw winding furrows, 0 to 1, along the zeros of a random field."""
    return step(-abs(fractal(rng, shape, grain, 2)), -0.16, -0.03)


# Absorption of red, green and blue by one unit of each (Beer-Lambert), fitted to the mean colour of nevi
# and vascular lesions of HAM10000 relative to the skin around them.
MELANIN = (0.44, 0.88, 1.02)
BLOOD = (0.16, 0.85, 0.58)
KERATIN = (0.05, 0.18, 0.50)

# Colours of structures that hide the skin below: red, green and blue, from 0 to 1.
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
    """Canvas of a lesion: it changes the colour of each pixel of skin to keep * skin + add.

    Layers absorb or cover. Both are linear in the colour of the skin, so all layers together
    remain one pair of fields `keep` and `add`, which a view can rotate and scale.
    """

    def __init__(self, canvas_size: int) -> None:
        self.keep: NDArray[np.float32] = np.ones((3, canvas_size, canvas_size), np.float32)
        self.add: NDArray[np.float32] = np.zeros((3, canvas_size, canvas_size), np.float32)

    def absorb(self, amount: Field, colour: Colour) -> None:
        """Add a layer of pigment that absorbs light."""
        dense = np.maximum(amount, 0)
        for k in range(3):
            through = np.exp(np.float32(-colour[k]) * dense)
            self.keep[k] *= through
            self.add[k] *= through

    def cover(self, opacity: Field, colour: Colour) -> None:
        """Add a layer that hides the layers below, completely where opacity is 1."""
        hidden = np.clip(opacity, 0, 1)
        self.keep *= 1 - hidden
        for k in range(3):
            self.add[k] += hidden * (np.float32(colour[k]) - self.add[k])
