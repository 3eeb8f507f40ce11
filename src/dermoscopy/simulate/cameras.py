"""The cameras of the simulated dataset: how images of each look, and which lesions are photographed with it.

In HAM10000 the proportion of malignant lesions differs between the sources of the images, so a network gains by
recognising the camera. Here the same can be seen, and switched off.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Look:
    """How a camera changes an image.

    Attributes:
        cast: Logarithm of the factor of red, green and blue.
        blur: Standard deviation of the blur, in image heights.
        vignette: Darkening of the corners, from 0 (none) to 1 (black).
    """

    cast: tuple[float, float, float] = (0.0, 0.0, 0.0)
    blur: float = 0.0
    vignette: float = 0.0

    def scaled(self, strength: float) -> "Look":
        """Return the look with its differences from a neutral camera multiplied by `strength`."""
        red, green, blue = (strength * value for value in self.cast)
        return Look((red, green, blue), strength * self.blur, strength * self.vignette)


NEUTRAL = Look()


@dataclass(frozen=True)
class Camera:
    """A source of images.

    Attributes:
        benign: Benign lesions of HAM10000 from such a source.
        malignant: Malignant lesions of HAM10000 from such a source.
        look: How its images look.
    """

    benign: int
    malignant: int
    look: Look


# Numbers of lesions of vidir_molemax, vidir_modern, rosendahl and vienna_dias, in this order; a lesion counts by its
# first image. The names are not those of HAM10000: no image is from there.
CAMERAS: Mapping[str, Camera] = {
    "camera_1": Camera(3928, 17, Look(cast=(-0.05, 0.06, 0.12), blur=0.002)),
    "camera_2": Camera(1238, 457, Look(cast=(0.03, -0.02, -0.02), vignette=0.15)),
    "camera_3": Camera(905, 647, Look(cast=(0.10, -0.05, -0.16), vignette=0.45)),
    "camera_4": Camera(230, 48, Look(cast=(-0.18, -0.12, -0.02), blur=0.006)),
}


def proportions(strength: float) -> NDArray[np.float64]:
    """Return the proportion of each camera among the benign and among the malignant lesions; shape (2, cameras).

    Args:
        strength: From 0 (both labels have the same proportions) to 1 (as in HAM10000).
    """
    counts = np.array([[camera.benign, camera.malignant] for camera in CAMERAS.values()], np.float64).T
    by_label = counts / counts.sum(axis=1, keepdims=True)
    of_all = counts.sum(axis=0) / counts.sum()
    mixed: NDArray[np.float64] = (1 - strength) * of_all + strength * by_label
    return mixed


def sample_cameras(rng: np.random.Generator, malignant: NDArray[np.bool_], strength: float) -> NDArray[np.intp]:
    """Sample the camera of each lesion; shape (lesions,), positions in `CAMERAS`.

    Args:
        rng: Random generator.
        malignant: Whether each lesion is malignant; shape (lesions,).
        strength: How much the cameras of malignant and benign lesions differ, from 0 to 1.
    """
    upper: NDArray[np.float64] = proportions(strength).cumsum(axis=1)[malignant.astype(int), :-1]
    camera: NDArray[np.intp] = (rng.random(len(malignant))[:, None] > upper).sum(axis=1)
    return camera


def log_likelihood_ratio(camera: NDArray[np.intp], strength: float) -> NDArray[np.float64]:
    """Return what the camera of each lesion says about its label, as a summand of the logit; shape (lesions,).

    Args:
        camera: Positions in `CAMERAS`; shape (lesions,).
        strength: As in `sample_cameras`.
    """
    benign, malignant = proportions(strength)
    ratio: NDArray[np.float64] = np.log(malignant / benign)[camera]
    return ratio
