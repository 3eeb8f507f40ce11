"""Random fields for skin, pigment and light, thin curved lines for hairs and vessels, and random streams."""

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
    """Sample a smooth random field with detail at several scales.

    A coarse field of normal numbers is enlarged to twice its size, a finer one of half the strength is added, and
    so on. The last enlargement, by cubic interpolation, gives the requested shape.

    Args:
        rng: Random generator.
        shape: Height and width, in pixels.
        grain: Size of the largest blotches, in pixels.
        octaves: Number of scales; scales below two pixels are left out.

    Returns:
        A field of shape `shape`, with mean 0 and standard deviation about 1.
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
    # Interpolation reduces the variance of the enlarged field to about half.
    return enlarge(field, shape, finest, top, left) / math.sqrt(sum(0.5 * 0.25**octave for octave in range(octaves)))


def enlarge(field: Field, shape: tuple[int, int], factor: float, top: float = 0.0, left: float = 0.0) -> Field:
    """Enlarge a field by cubic interpolation (Keys 1981).

    Args:
        field: Field of any shape.
        shape: Height and width of the result, in pixels.
        factor: Pixels of the result per pixel of the field.
        top: First row, in pixels of the field.
        left: First column, in pixels of the field.

    Returns:
        A field of shape `shape`; beyond the input field its border values are repeated.
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
    """Sample cells of a tissue: centres on a hexagonal lattice, each moved a little at random.

    Args:
        rng: Random generator.
        shape: Height and width, in pixels.
        spacing: Spacing of the lattice, in pixels.
        every: Step in pixels between computed pixels; the others are interpolated, which is enough for wide cells.

    Returns:
        The distance of each pixel to the nearest centre, in units of the spacing (about 0.6 between
        cells), and a random number from 0 to 1 for each cell, the same in all its pixels.
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
    return np.asarray(np.asarray(distance, np.float32) / pitch, np.float32), kinds[nearest[0], nearest[1]]


def step(field: Field, low: float, high: float) -> Field:
    """Map a field to 0 below `low`, to 1 above `high`, and smoothly between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blur(field: Field, sigma: float) -> Field:
    """Blur a field with a Gaussian of standard deviation `sigma`, in pixels."""
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(field, sigma, mode="nearest", truncate=3), np.float32)


Points = NDArray[np.float64]

OVERSAMPLING = 3


def arc(start: Points, end: Points, bend: float, count: int = 16) -> Points:
    """Return points of a quadratic Bézier curve.

    Args:
        start: First point, x and y, in pixels.
        end: Last point, x and y, in pixels.
        bend: Distance of the control point from the middle of the chord, as a fraction of the chord's length.
        count: Number of points.

    Returns:
        Points, shape (count, 2).
    """
    chord = end - start
    control = (start + end) / 2 + bend * np.array([-chord[1], chord[0]])
    t = np.linspace(0, 1, count)[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)


def walk(rng: np.random.Generator, start: Points, heading: float, length: float, count: int = 16) -> Points:
    """Sample points of a random walk, the course of a vessel.

    Args:
        rng: Random generator.
        start: First point, x and y, in pixels.
        heading: Direction before the first step, in radians.
        length: Length of the line, in pixels.
        count: Number of points.

    Returns:
        Points, shape (count, 2).
    """
    headings = heading + np.cumsum(rng.normal(0, 0.32, count - 1))
    steps = np.stack([np.cos(headings), np.sin(headings)], axis=1) * length / (count - 1)
    return np.concatenate([start[None], start + np.cumsum(steps, axis=0)])


def paint(shape: tuple[int, int], lines: Iterable[tuple[Points, float, float]]) -> Field:
    """Draw lines whose width changes evenly from one end to the other.

    Args:
        shape: Height and width, in pixels.
        lines: Points of each line, and its widths at the first and the last point, in pixels.

    Returns:
        Coverage of each pixel, from 0 to 1, of shape `shape`.
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
    """Purpose of a random stream. The number is part of the stream's key: add members, but never renumber them."""

    TABLE = 0
    LESION = 1
    IMAGE = 2
    CAMERA = 3


def generator(seed: int, stream: Stream, *key: int) -> np.random.Generator:
    """Return the random generator of a table, lesion or image; it does not depend on order or process.

    Args:
        seed: Seed of the whole dataset.
        stream: Purpose of the stream.
        key: Number of the lesion and, for an image, number of the image.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(stream), *key)))
