"""Measures of an image, as it is when it is small: brightness, and how much pixels differ at several distances.

An image is reduced to one size first, so that the measures hardly depend on its number of pixels or on its compression.
Differences of colour are measured at large distances only: at small ones JPEG files have hardly any, so that noise
that nobody sees would count.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE, COARSE = 128, 32  # widths of the two squares to which an image is reduced, in pixels
FINE_STEPS, COARSE_STEPS = (1, 2, 4), (1, 2, 4, 8)  # distances of the pixels that are compared, in pixels of a square
CHANNELS = ("luma", "red", "blue")  # brightness, red minus brightness, blue minus brightness; each from 0 to 1
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # weights of red, green and blue in the brightness
GREY_LEVEL = 1 / 255
# So that an image without differences has finite logarithms; both are far below the differences in images of lesions.
SQUARE_FLOOR, SIZE_FLOOR = 1e-6, 1e-5

FEATURES = (
    *(f"mean_{channel}" for channel in CHANNELS),
    *(f"fine_{step}" for step in FINE_STEPS),  # logarithm of the mean square of the differences of brightness
    *(f"evenness_{step}" for step in FINE_STEPS),  # logarithm of their mean size, in root mean squares; low: few edges
    *(f"coarse_{step}_{channel}" for step in COARSE_STEPS for channel in CHANNELS),  # as fine, in the smaller square
)
POSITION = {name: number for number, name in enumerate(FEATURES)}


class Quality(NamedTuple):
    """What a person can see in an image.

    Attributes:
        brightness: Mean brightness, from 0 (black) to 1 (white).
        contrast: Largest mean difference of brightness between pixels at any distance, relative to the brightness;
            logarithm of its square.
        sharpness: Differences of neighbouring pixels, relative to those at the distance 4; logarithm of the square.
            Blur lowers it.
        noise: Differences of neighbouring pixels, relative to those at the distance 2; logarithm of the square. It is
            high if neighbouring pixels differ everywhere, but not if they differ at a few edges.
    """

    brightness: NDArray[np.float64]
    contrast: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    noise: NDArray[np.float64]


def measure(image: Image.Image) -> NDArray[np.float64]:
    """Return the features of an RGB image of any size, in the order of `FEATURES`; shape (features,)."""
    # With the gap, Pillow first takes means of whole blocks of pixels, which halves the time for 600 x 450 pixels.
    square = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR, reducing_gap=1.0)
    luma: NDArray[np.float32] = np.asarray(square, np.float32) @ LUMA * np.float32(GREY_LEVEL)
    rgb = np.asarray(square.reduce(SIZE // COARSE), np.float32) * np.float32(GREY_LEVEL)
    light = rgb @ LUMA
    channels = (light, rgb[..., 0] - light, rgb[..., 2] - light)
    fine = np.array([_differences(luma, step) for step in FINE_STEPS])
    coarse = np.array([_differences(channel, step)[0] for step in COARSE_STEPS for channel in channels])
    means = [channel.mean() for channel in channels]
    return np.concatenate([means, np.log(fine[:, 0]), np.log(fine[:, 1]), np.log(coarse)]).astype(np.float64)


def _differences(channel: NDArray[np.floating[Any]], step: int) -> tuple[float, float]:
    """Return mean square, and mean size in root mean squares, of the differences of pixels in a row or column.

    Args:
        channel: Values from -1 to 1; shape (size, size).
        step: Distance of the pixels that are compared.
    """
    pairs = 2 * channel.shape[0] * (channel.shape[0] - step)
    squares = sizes = 0.0
    for differences in (channel[:, step:] - channel[:, :-step], channel[step:] - channel[:-step]):
        flat = differences.ravel()
        squares += float(flat @ flat)
        sizes += float(np.abs(flat, out=flat).sum())
    mean_square = squares / pairs + SQUARE_FLOOR
    return mean_square, (sizes / pairs + SIZE_FLOOR) / mean_square**0.5


def qualities(features: NDArray[np.float64]) -> Quality:
    """Return what a person can see in images.

    Args:
        features: Features of one image, shape (features,), or of several, shape (images, features).

    Returns:
        Each field is a number for one image, or has the shape (images,).
    """

    def feature(name: str) -> NDArray[np.float64]:
        values: NDArray[np.float64] = features[..., POSITION[name]]
        return values

    of_luma = [f"fine_{step}" for step in FINE_STEPS] + [f"coarse_{step}_luma" for step in COARSE_STEPS]
    brightness = feature("mean_luma")
    return Quality(
        brightness,
        np.max([feature(name) for name in of_luma], axis=0) - 2 * np.log(brightness + GREY_LEVEL),
        feature("fine_1") - feature("fine_4"),
        feature("fine_1") + 2 * feature("evenness_1") - feature("fine_2"),
    )
