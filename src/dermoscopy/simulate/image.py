"""Render an image of a lesion and its mask: view, skin, hair, light, focus and sensor noise."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermoscopy.simulate.cameras import NEUTRAL, Look
from dermoscopy.simulate.lesion import DETAIL, Lesion
from dermoscopy.simulate.noise import Field, arc, blur, cells, fractal, paint, step, walk


@dataclass(frozen=True)
class View:
    """A camera over a lesion's canvas.

    Attributes:
        turn: Rotation, in radians.
        zoom: Magnification.
        stretch: Ratio of the horizontal to the vertical magnification.
        shift: Offset (x, y) of the lesion's centre from the image's centre, in image heights.
    """

    turn: float
    zoom: float
    stretch: float
    shift: tuple[float, float]


def sample_view(rng: np.random.Generator, noise: float) -> View:
    """Sample a view.

    Args:
        rng: Random generator.
        noise: Scale of the deviations of magnification, aspect ratio and position, from 0 to 1.
    """
    zoom, stretch = np.exp(rng.normal(0, [0.20 * noise, 0.08 * noise]).clip(-0.3, 0.3))
    x, y = rng.normal(0, 0.22 * noise, 2).clip(-0.18, 0.18)
    return View(float(rng.uniform(0, 2 * np.pi)), float(zoom), float(stretch), (float(x), float(y)))


def project(plane: Field, view: View, shape: tuple[int, int], outside: float) -> Field:
    """Project one plane of a canvas onto an image.

    Args:
        plane: Values, shape (canvas_size, canvas_size).
        view: The camera.
        shape: Height and width of the image, in pixels.
        outside: Value of pixels beyond the canvas.

    Returns:
        The projected values, of shape `shape`.
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


def expose(
    rng: np.random.Generator, scene: NDArray[np.float32], noise: float, camera: Look = NEUTRAL
) -> NDArray[np.uint8]:
    """Apply light, focus, sensor noise and the look of the camera to a scene.

    Room light has a tint and comes from one side. The dermatoscope's rim darkens the corners, in some
    devices to a black circle. Focus varies, and the sensor is noisy.

    Args:
        rng: Random generator.
        scene: Red, green and blue planes, shape (3, height, width), about 0 to 1.
        noise: Strength of the random effects, from 0 to 1.
        camera: The look of the camera.

    Returns:
        The image, shape (height, width, 3).
    """
    height, width = shape = scene.shape[1], scene.shape[2]
    warmth, tint, bright = rng.normal(0, [0.06, 0.04, 0.10]) * noise
    light = np.exp(bright + np.array([warmth, -tint, -warmth]) + camera.cast)
    focus = math.hypot(height * noise * 0.004 * rng.gamma(1.5, 0.8), height * camera.blur)
    falloff = _falloff(rng, shape, noise)
    falloff *= 1 - np.float32(camera.vignette) * step(np.hypot(*_coordinates(shape)), 0.4, 0.9)
    grain = 0.012 * noise * rng.standard_normal(shape, np.float32)
    image = np.empty((height, width, 3), np.uint8)
    for k in range(3):
        plane = blur(scene[k], focus) if focus > 0.3 else scene[k]
        lit = np.float32(255 * light[k]) * plane * falloff + 255 * grain
        image[..., k] = np.clip(lit, 0, 255) + 0.5
    return image


def _falloff(rng: np.random.Generator, shape: tuple[int, int], noise: float) -> Field:
    """Sample the relative brightness of each pixel, about 1 in the centre."""
    x, y = _coordinates(shape)
    direction = rng.uniform(0, 2 * np.pi)
    light = 1 + 0.15 * noise * rng.random() * (x * np.cos(direction) + y * np.sin(direction))
    light += 0.04 * noise * fractal(rng, shape, 0.8 * shape[0], 2)
    distance = np.hypot(x, y)
    light *= 1 - 0.4 * noise * rng.random() * step(distance, 0.5, 1.1)
    circle, rim = rng.random() < 0.08 * noise, rng.uniform(0.60, 0.78)
    if circle:
        light *= 1 - 0.96 * step(distance, rim - 0.03, rim + 0.03)
    return np.asarray(light, np.float32)


def _coordinates(shape: tuple[int, int]) -> tuple[Field, Field]:
    """Return the offsets x and y of each pixel from the centre, in image heights."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return (x - width / 2) / height, (y - height / 2) / height


DARK_HAIR = np.array([0.16, 0.10, 0.09], np.float32)
FAIR_HAIR = np.array([0.62, 0.47, 0.36], np.float32)


def add_hair(rng: np.random.Generator, scene: NDArray[np.float32], amount: float) -> None:
    """Draw thin, bent, tapering hairs with a soft shadow on a scene; on shaved skin they are short.

    Args:
        rng: Random generator.
        scene: Red, green and blue planes, shape (3, height, width), 0 to 1; changed in place.
        amount: Amount of hair, from 0 (none) to 1.
    """
    height, width = shape = scene.shape[1], scene.shape[2]
    density = rng.choice((0.0, 3.0, 8.0, 25.0), p=(0.55, 0.27, 0.13, 0.05))
    count = rng.poisson(2 * amount * density)
    shaved = rng.random() < 0.12
    lean, colour = rng.uniform(0, 2 * np.pi), DARK_HAIR + np.float32(rng.beta(1, 3)) * (FAIR_HAIR - DARK_HAIR)
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


# Mean skin colour of the images of HAM10000.
FAIR_SKIN = np.array([0.83, 0.63, 0.64], np.float32)

Tone = NDArray[np.float32]


def sample_skin_tone(rng: np.random.Generator) -> Tone:
    """Sample a patient's skin colour, red, green and blue: from pale to tanned and from sallow to flushed."""
    tan, flush = rng.normal(0, [0.07, 0.07])
    return np.asarray(
        FAIR_SKIN * np.exp(-tan * np.array([0.5, 1.0, 1.3]) - flush * np.array([0, 1.0, 0.7])), np.float32
    )


def draw_skin(rng: np.random.Generator, tone: Tone, shape: tuple[int, int], scale: float) -> NDArray[np.float32]:
    """Draw skin with mottling, freckles, fine furrows and some vessels.

    Args:
        rng: Random generator.
        tone: Red, green and blue of the skin, from 0 to 1.
        shape: Height and width, in pixels.
        scale: Height of the image in pixels, times the magnification.

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
    """Draw the fine vessels of the skin: few in most skins, many in some."""
    lines = []
    for _ in range(rng.poisson(rng.choice((0.3, 4.0)))):
        start = rng.uniform((0, 0), (shape[1], shape[0]))
        points = walk(rng, start, rng.uniform(0, 2 * np.pi), scale * rng.uniform(0.1, 0.4))
        lines.append((points, 0.010 * scale, 0.004 * scale))
    return blur(paint(shape, lines), 0.005 * scale) if lines else np.zeros(shape, np.float32)


def render_image(
    rng: np.random.Generator,
    lesion: Lesion,
    tone: Tone,
    shape: tuple[int, int],
    noise: float,
    camera: Look = NEUTRAL,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Render an image of a lesion.

    Args:
        rng: Random generator; each image has its own.
        lesion: The lesion.
        tone: Red, green and blue of the skin, from 0 to 1.
        shape: Height and width, in pixels.
        noise: Strength of hair, light, vignette and blur, from 0 to 1.
        camera: The look of the camera.

    Returns:
        The image, shape (height, width, 3), and the mask of the lesion, shape (height, width): 255
        inside, 0 outside.
    """
    view = sample_view(rng, noise)
    scene = draw_skin(rng, tone, shape, view.zoom * shape[0])
    on_canvas = replace(view, zoom=view.zoom / DETAIL)
    for k in range(3):
        scene[k] *= project(lesion.tissue.keep[k], on_canvas, shape, outside=1.0)
        scene[k] += project(lesion.tissue.add[k], on_canvas, shape, outside=0.0)
    add_hair(rng, scene, noise)
    inside = project(lesion.outline.inside, on_canvas, shape, outside=-1.0) > 0
    return expose(rng, scene, noise, camera), np.where(inside, 255, 0).astype(np.uint8)
