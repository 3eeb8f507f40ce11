"""How a photograph is taken: from where, in what light, how sharply."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermoscopy.archive.simulate.noise import Field, blur, fractal, step


@dataclass(frozen=True)
class View:
    """A camera over a lesion's canvas.

    Attributes:
        turn: Rotation, in radians.
        zoom: Magnification.
        stretch: Ratio of the horizontal to the vertical magnification.
        shift: Where the lesion's middle lies off the photograph's, in heights, x and y.
    """

    turn: float
    zoom: float
    stretch: float
    shift: tuple[float, float]


def draw_view(rng: np.random.Generator, noise: float) -> View:
    """Draw a view: any rotation; distance, aspect and aim as far off as the noise says."""
    zoom, stretch = np.exp(rng.normal(0, [0.20 * noise, 0.08 * noise]).clip(-0.3, 0.3))
    x, y = rng.normal(0, 0.22 * noise, 2).clip(-0.18, 0.18)
    return View(float(rng.uniform(0, 2 * np.pi)), float(zoom), float(stretch), (float(x), float(y)))


def project(plane: Field, view: View, shape: tuple[int, int], outside: float) -> Field:
    """Return what a view shows of one plane of a canvas.

    Args:
        plane: Shape (side, side).
        view: The camera.
        shape: Height and width of the photograph, in pixels.
        outside: Value beyond the canvas.

    Returns:
        Of that shape.
    """
    height, width = shape
    middle = plane.shape[0] / 2
    x0, y0 = width / 2 + view.shift[0] * height, height / 2 + view.shift[1] * height
    across, down = 1 / (view.zoom * view.stretch), 1 / view.zoom
    cosine, sine = math.cos(view.turn), math.sin(view.turn)
    a, b, d, e = cosine * across, -sine * down, sine * across, cosine * down
    coefficients = (a, b, middle - a * x0 - b * y0, d, e, middle - d * x0 - e * y0)
    projected = Image.fromarray(plane).transform(
        (width, height), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR, fillcolor=outside
    )
    return np.asarray(projected, np.float32)


def expose(rng: np.random.Generator, scene: NDArray[np.float32], noise: float) -> NDArray[np.uint8]:
    """Light a scene, look at it through the lens, and read out the sensor.

    Room light tints it and falls from one side, the dermatoscope's rim darkens the corners (in some
    devices to a black circle), focus and resolution vary, the sensor is noisy.

    Args:
        rng: The source of randomness.
        scene: Red, green and blue planes, shape (3, height, width), about 0 to 1.
        noise: How strongly all of it disturbs, from 0 to 1.

    Returns:
        The photograph, shape (height, width, 3).
    """
    height, width = shape = scene.shape[1], scene.shape[2]
    warmth, tint, bright = rng.normal(0, [0.06, 0.04, 0.10]) * noise
    light = np.exp(bright + np.array([warmth, -tint, -warmth]))
    focus = height * noise * 0.004 * rng.gamma(1.5, 0.8)
    falloff = _falloff(rng, shape, noise)
    grain = 0.012 * noise * rng.standard_normal(shape, np.float32)
    image = np.empty((height, width, 3), np.uint8)
    for k in range(3):
        plane = blur(scene[k], focus) if focus > 0.3 else scene[k]
        lit = np.float32(255 * light[k]) * plane * falloff + 255 * grain
        image[..., k] = np.clip(lit, 0, 255) + 0.5
    return image


def _falloff(rng: np.random.Generator, shape: tuple[int, int], noise: float) -> Field:
    """Draw how much light there is at each pixel, about 1 in the middle."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x - width / 2) / height, (y - height / 2) / height
    side = rng.uniform(0, 2 * np.pi)
    light = 1 + 0.15 * noise * rng.random() * (x * np.cos(side) + y * np.sin(side))
    light += 0.04 * noise * fractal(rng, shape, 0.8 * height, 2)
    distance = np.hypot(x, y)
    light *= 1 - 0.4 * noise * rng.random() * step(distance, 0.5, 1.1)
    circle, rim = rng.random() < 0.08 * noise, rng.uniform(0.60, 0.78)
    if circle:
        light *= 1 - 0.96 * step(distance, rim - 0.03, rim + 0.03)
    return np.asarray(light, np.float32)
