"""Expected number of images and of trained layers, from which time and disk space are estimated."""

from collections.abc import Mapping
from typing import Any

from dermoscopy.check.params import Params
from dermoscopy.networks.build import backbone_length
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.train.phases import Phase

HAM10000_IMAGES = 10_015
HAM10000_MALIGNANT = 0.195  # proportion of malignant images
IMAGES_PER_LESION = 1.34  # of HAM10000 and of simulated datasets


def expected_images(params: Params, source: Mapping[str, Any]) -> float:
    """Return the expected number of images in all splits.

    Args:
        params: All parameters.
        source: Content of data/source.json.
    """
    if params.data.source == "simulated":
        images = params.simulate.lesions * IMAGES_PER_LESION
    else:
        images = source.get("images", {}).get("count", HAM10000_IMAGES)
    return min(images, params.merge.lesions * IMAGES_PER_LESION) if params.merge.lesions else images


def train_and_val_images(params: Params, images: float) -> tuple[float, float]:
    """Return the number of train images, including augmented ones, and of val images."""
    train = images * (1 - params.split.val - params.split.test)
    return train + augmented_images(params, train), images * params.split.val


def augmented_images(params: Params, train: float) -> float:
    """Return the number of augmented images of a number of train images."""
    malignant = params.simulate.malignant if params.data.source == "simulated" else HAM10000_MALIGNANT
    return max(0.0, params.augment.balance * (1 - malignant) - malignant) * train


def trained_fraction(member: Transfer | SmallCNN, phase: Phase) -> float:
    """Return the fraction of layers that a phase trains."""
    if isinstance(member, SmallCNN) or phase.unfrozen is None:
        return 1.0
    layers = backbone_length(member)
    counts: dict[object, int] = {"all": layers, "none": 0, "last_conv": 1}
    return (counts[phase.unfrozen] if phase.unfrozen in counts else int(phase.unfrozen)) / layers
