from functools import cache

import numpy as np
import pytest
from PIL import Image

from dermoscopy.suitability.measures import measure
from dermoscopy.suitability.params import Suitability
from dermoscopy.suitability.suitability import Measured, Reference, fit_reference


def make_lesion(number: int, width: int = 200, height: int = 150) -> Image.Image:
    """Return an image of skin in a random colour with a dark spot and fine structures."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    radius = np.hypot(x - rng.normal(0, 0.1), (y - rng.normal(0, 0.1)) * rng.uniform(0.8, 1.3))
    spot = 1 / (1 + np.exp((radius - rng.uniform(0.3, 0.7)) * rng.uniform(15, 30)))
    skin = np.array([205, 160, 145]) + rng.normal(0, 8, 3)
    structures = rng.uniform(6, 14) * _structures(rng, width, height)[..., None]
    colours = skin - spot[..., None] * (np.array([90, 95, 80]) + rng.normal(0, 10, 3)) + structures
    return Image.fromarray(colours.clip(0, 255).astype(np.uint8))


def _structures(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Return smooth values of several scales with mean 0 and standard deviation 1; shape (height, width)."""
    mixed = np.zeros((height, width))
    for cells in (8, 16, 32, 64, 128):
        values = rng.normal(128, 40, (cells * 3 // 4, cells)).clip(0, 255).astype(np.uint8)
        smooth = Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)
        mixed += rng.uniform(0.5, 1.5) * np.asarray(smooth, float)
    return (mixed - mixed.mean()) / mixed.std()


@cache
def measured(start: int, end: int) -> Measured:
    """Return the measures of the images with these numbers."""
    images = [make_lesion(number) for number in range(start, end)]
    return Measured(np.stack([measure(image) for image in images]), np.array([min(image.size) for image in images]))


@pytest.fixture(scope="session")
def reference() -> Reference:
    """Reference of 120 images of train and 60 of val."""
    return fit_reference(measured(0, 120), measured(120, 180), Suitability(min_size=64, extreme=0.01, unlike=0.02))
