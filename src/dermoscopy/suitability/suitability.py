"""Decide whether an image is suitable for the ensemble: by limits of what can be seen, and by a distance from train."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import model_validator

from dermoscopy.core.errors import TableError
from dermoscopy.core.files import write_text
from dermoscopy.core.images import open_image, to_rgb
from dermoscopy.core.params import Block
from dermoscopy.suitability.measures import FEATURES, measure, qualities
from dermoscopy.suitability.params import Suitability

REFERENCE = Path("data/suitability.json")

SMALL = "too small"
DARK = "too dark"
BLURRED = "too blurred"
NOISY = "too noisy"
BLANK = "blank"
UNLIKE = "unlike the training images"
REASONS = (SMALL, DARK, BLURRED, NOISY, BLANK, UNLIKE)

# Smallest spread and variance of a feature in train, so that images that are all alike can be fitted too.
MIN_SPREAD, MIN_VARIANCE = 1e-3, 1e-6


class Limits(Block):
    """Limits of a suitable image, see `measures.Quality`; an image that is just at one of them is suitable.

    Attributes:
        brightness: Lowest brightness.
        contrast: Lowest contrast.
        sharpness: Lowest sharpness.
        noise: Highest noise.
        distance: Largest distance from the images of train.
    """

    brightness: float
    contrast: float
    sharpness: float
    noise: float
    distance: float


class Reference(Block):
    """The images that the ensemble was trained with, as far as suitability needs them (data/suitability.json).

    Attributes:
        min_size: Smallest width and height of a suitable image, in pixels.
        limits: Limits of what can be seen, and of the distance.
        features: Names of the features, as in `measures.FEATURES`.
        mean: Mean of each feature in train; shape (features,).
        transform: Matrix that turns differences from the mean into uncorrelated ones with unit variance, so that the
            length of the result is the (Mahalanobis) distance; shape (features, features).
        images: Split (train, val) to its number of original images.
        unsuitable: Split (train, val) to the number of images for each reason.
    """

    min_size: int
    limits: Limits
    features: list[str]
    mean: list[float]
    transform: list[list[float]]
    images: dict[str, int]
    unsuitable: dict[str, dict[str, int]]

    @model_validator(mode="after")
    def _has_these_features(self) -> Self:
        count = len(FEATURES)
        if self.features != list(FEATURES) or len(self.mean) != count:
            raise ValueError("features: those of another version")
        if len(self.transform) != count or {len(row) for row in self.transform} != {count}:
            raise ValueError(f"transform: expected {count} rows of {count} numbers")
        return self

    @cached_property
    def _arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.array(self.mean), np.array(self.transform)

    def distance(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance from the images of train; shape (images,), or a number for one image.

        Args:
            features: Shape (images, features) or (features,).
        """
        mean, transform = self._arrays
        distance: NDArray[np.float64] = np.linalg.norm((features - mean) @ transform.T, axis=-1)
        return distance

    def find_reasons(self, image: Image.Image) -> list[str]:
        """Return why an image is not suitable, in the words of `REASONS`; empty if it is suitable.

        Args:
            image: Decoded RGB image in its original size.
        """
        return self.reasons_for(measure(image), min(image.size))

    def reasons_for(self, features: NDArray[np.float64], size: int) -> list[str]:
        """Return why an image is not suitable; empty if it is suitable.

        What another reason implies is left out: sharpness and noise of a dark image mean nothing, noise has no other
        contrast, and the distance is named only if nothing else is.

        Args:
            features: Features of the image; shape (features,).
            size: Width or height of the image, whichever is smaller, in pixels.
        """
        quality, limits = qualities(features), self.limits
        reasons = [SMALL] if size < self.min_size else []
        if quality.brightness < limits.brightness:
            reasons.append(DARK)
        elif quality.noise > limits.noise:
            reasons.append(NOISY)
        elif quality.contrast < limits.contrast:
            reasons.append(BLANK)
        elif quality.sharpness < limits.sharpness:
            reasons.append(BLURRED)
        if not reasons and self.distance(features) > limits.distance:
            reasons.append(UNLIKE)
        return reasons

    def count(self, images: "Measured") -> dict[str, int]:
        """Return the number of images for each reason, in the order of `REASONS`."""
        found = Counter(
            reason
            for features, size in zip(images.features, images.sizes, strict=True)
            for reason in self.reasons_for(features, int(size))
        )
        return {reason: found[reason] for reason in REASONS}

    def write(self, path: Path) -> None:
        """Write the reference as JSON; `read_reference` reads it."""
        write_text(path, self.model_dump_json(indent=1) + "\n")


def read_reference(path: Path) -> Reference:
    """Read the reference that the suitability stage wrote.

    Raises:
        TableError: The file is missing or was not written by the suitability stage of this version.
    """
    try:
        return Reference.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise TableError(
            f"{path} is missing or was not written by the suitability stage: {error}\nRun `dvc repro`."
        ) from None


@dataclass(frozen=True)
class Measured:
    """Measures of images.

    Attributes:
        features: Features in the order of `measures.FEATURES`; shape (images, features).
        sizes: Width or height of each image, whichever is smaller, in pixels; shape (images,).
    """

    features: NDArray[np.float64]
    sizes: NDArray[np.int64]


def measure_files(paths: Sequence[Path]) -> Measured:
    """Measure images.

    Args:
        paths: JPEG or PNG files, at least one.
    """

    def one(path: Path) -> tuple[NDArray[np.float64], int]:
        with open_image(path) as image:
            rgb = to_rgb(image)
        return measure(rgb), min(rgb.size)

    with ThreadPoolExecutor() as pool:  # Pillow releases the GIL while it decodes
        features, sizes = zip(*pool.map(one, paths), strict=True)
    return Measured(np.stack(features), np.array(sizes))


def fit_reference(train: Measured, val: Measured, settings: Suitability) -> Reference:
    """Fit the reference: the distance on train, its limit on val, and the other limits on both.

    Only the distance is fitted, so that it is larger for images of val than for those of train. The other measures need
    no fit, and more images make their limits more certain.

    Args:
        train: Original images of train.
        val: Original images of val.
        settings: The `suitability` block.
    """
    from sklearn.covariance import LedoitWolf

    mean, spread = train.features.mean(axis=0), np.maximum(train.features.std(axis=0), MIN_SPREAD)
    covariance = LedoitWolf(assume_centered=True).fit((train.features - mean) / spread).covariance_
    transform = np.linalg.inv(np.linalg.cholesky(covariance + MIN_VARIANCE * np.eye(len(mean)))) / spread
    both = qualities(np.concatenate([train.features, val.features]))
    sizes = np.concatenate([train.sizes, val.sizes])
    distance = np.linalg.norm((val.features - mean) @ transform.T, axis=1)
    reference = Reference(
        min_size=min(settings.min_size, int(sizes.min())),
        limits=Limits(
            brightness=_lowest(both.brightness, settings.extreme),
            contrast=_lowest(both.contrast, settings.extreme),
            sharpness=_lowest(both.sharpness, settings.extreme),
            noise=-_lowest(-both.noise, settings.extreme),
            distance=-_lowest(-distance, settings.unlike),
        ),
        features=list(FEATURES),
        mean=mean.tolist(),
        transform=transform.tolist(),
        images={"train": len(train.sizes), "val": len(val.sizes)},
        unsuitable={},
    )
    counts = {"train": reference.count(train), "val": reference.count(val)}
    return reference.model_copy(update={"unsuitable": counts})


def _lowest(values: NDArray[np.float64], proportion: float) -> float:
    """Return the value below which at most a proportion of the values are; none are if there are too few for it."""
    return float(np.quantile(values, proportion, method="lower"))
