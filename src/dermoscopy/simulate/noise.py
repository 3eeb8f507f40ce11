"""Random fields: what skin, pigment and light are made of.

Thin curved lines: hairs, vessels, fissures.

Where randomness comes from: a stream of its own for everything that is drawn.
"""

import math
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Field = NDArray[np.float32]

NEIGHBOURS = np.arange(-1, 3)[:, None]


def fractal(rng: np.random.Generator, shape: tuple[int, int], grain: float, octaves: int = 3) -> Field:
    """Draw a smooth random field with detail at several scales.

    Coarse normal numbers are enlarged to twice their size, finer ones of half the strength added, and
    so on; the last enlargement, by cubic interpolation, is to the wanted shape.

    Args:
        rng: The source of randomness.
        shape: Height and width, in pixels.
        grain: Size of the largest blotches, in pixels.
        octaves: How many scales; those finer than two pixels are left out.

    Returns:
        Mean 0 and standard deviation about 1, of that shape.
    """
    height, width = shape
    octaves = max(1, min(octaves, 1 + int(math.log2(max(grain, 2.0) / 2))))
    finest = grain / 2 ** (octaves - 1)
    rows, columns = math.ceil(height / grain) + 3, math.ceil(width / grain) + 3
    field = rng.standard_normal((rows, columns), np.float32)
    for octave in range(1, octaves):
        rows, columns = 2 * rows, 2 * columns
        finer = rng.standard_normal((rows, columns), np.float32)
        field = enlarge(field, (rows, columns), 2) + np.float32(0.5**octave) * finer
    top, left = (2 ** (octaves - 1) * (1 + rng.random(2))).tolist()
    # Interpolation takes about half of the variance of what it enlarges.
    return enlarge(field, shape, finest, top, left) / math.sqrt(sum(0.5 * 0.25**octave for octave in range(octaves)))


def enlarge(field: Field, shape: tuple[int, int], factor: float, top: float = 0.0, left: float = 0.0) -> Field:
    """Enlarge a field by cubic interpolation (Keys 1981).

    Args:
        field: Any shape.
        shape: Height and width of what is wanted, in pixels.
        factor: Pixels for each pixel of the field.
        top: Where to begin, in pixels of the field.
        left: Likewise.

    Returns:
        Of that shape; beyond the field its border goes on.
    """
    across, weight = _taps(shape[1], factor, left, field.shape[1])
    wide = sum(field[:, across[k]] * weight[k] for k in range(4))
    down, weight = _taps(shape[0], factor, top, field.shape[0])
    return np.asarray(sum(wide[down[k]] * weight[k][:, None] for k in range(4)), np.float32)


@lru_cache(maxsize=256)
def _taps(count: int, factor: float, begin: float, size: int) -> tuple[NDArray[np.int64], Field]:
    """Return the four neighbours of each of `count` points and their weights, both of shape (4, count)."""
    position = begin + (np.arange(count) + 0.5) / factor - 0.5
    first = np.floor(position).astype(np.int64)
    t = position - first
    weights = np.array(
        [
            ((-0.5 * t + 1.0) * t - 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1.0,
            ((-1.5 * t + 2.0) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t,
        ],
        np.float32,
    )
    neighbours = np.minimum(np.maximum(first + NEIGHBOURS, 0), size - 1)
    return neighbours, weights


def cells(rng: np.random.Generator, shape: tuple[int, int], spacing: float, every: int = 1) -> tuple[Field, Field]:
    """Scatter seeds like cells of a tissue: on a hexagonal lattice, each shaken.

    Args:
        rng: The source of randomness.
        shape: Height and width, in pixels.
        spacing: Of the lattice, in pixels.
        every: Draw every so many pixels only, and interpolate: wide cells need no more.

    Returns:
        The distance of each pixel to the nearest seed in units of the spacing (about 0.6 between
        cells), and a number from 0 to 1 that all pixels of a cell share.
    """
    from scipy import ndimage

    if every > 1:
        smaller = (math.ceil(shape[0] / every), math.ceil(shape[1] / every))
        distance, kind = cells(rng, smaller, spacing / every)
        kind = kind.repeat(every, axis=0).repeat(every, axis=1)[: shape[0], : shape[1]]
        return enlarge(distance, shape, every), kind
    height, width = shape
    pitch = max(spacing, 2.0)
    rows, columns = math.ceil(height / (0.866 * pitch)) + 2, math.ceil(width / pitch) + 2
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    x += 0.5 * (y % 2) + 0.28 * rng.standard_normal(x.shape, np.float32) - 0.5
    y += 0.28 * rng.standard_normal(y.shape, np.float32) - 0.5
    row = np.round(0.866 * pitch * y).astype(int).ravel()
    column = np.round(pitch * x).astype(int).ravel()
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    free = np.ones(shape, bool)
    free[row[inside], column[inside]] = False
    distance, nearest = ndimage.distance_transform_edt(free, return_indices=True)
    kinds = rng.random(shape, np.float32)
    return np.asarray(distance, np.float32) / pitch, kinds[nearest[0], nearest[1]]


def step(field: Field, low: float, high: float) -> Field:
    """Rise smoothly from 0 where the field is below `low` to 1 where it is above `high`."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blur(field: Field, sigma: float) -> Field:
    """Blur a field by a Gaussian of `sigma` pixels."""
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(field, sigma, mode="nearest", truncate=3), np.float32)


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


class Stream(IntEnum):
    """What a stream is for; its number is part of the stream's key, so members are only ever added."""

    TABLE = 0
    LESION = 1
    IMAGE = 2


def generator(seed: int, stream: Stream, *key: int) -> np.random.Generator:
    """Return the generator of one thing, the same in whatever order and process things are drawn.

    Args:
        seed: Of the whole dataset.
        stream: What is drawn.
        key: Which one of its kind.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(stream), *key)))
