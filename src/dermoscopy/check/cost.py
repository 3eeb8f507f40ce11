"""Expected time of training and prediction and disk space of a run, logged before it starts."""

import logging
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from dermoscopy.acquire.sources import expand, find_dataset
from dermoscopy.check.params import Params
from dermoscopy.core.params import GIGABYTE
from dermoscopy.networks.backbones import BACKBONES, Pace, PacePrecision
from dermoscopy.networks.build import NO_WEIGHTS, backbone_length, feature_map_size
from dermoscopy.networks.params import Optimizer, SmallCNN, Transfer, with_optimizer
from dermoscopy.networks.views import VIEWS, constant_views
from dermoscopy.search.space import rungs
from dermoscopy.train.phases import Phase, phases

logger = logging.getLogger(__name__)

MIN_SECONDS = 600  # shorter runs are not logged
HAM10000_IMAGES = 10_015
HAM10000_BYTES = 2.8e9
HAM10000_PIXELS = 600 * 450  # of an image
HAM10000_MALIGNANT = 0.195  # proportion of malignant images
IMAGES_PER_LESION = 1.34  # of HAM10000 and of simulated datasets
SIMULATED_BYTES = 0.21  # bytes per pixel of a simulated image
LOSSLESS_BYTES = 1.25  # bytes per pixel of an augmented image, of HAM10000 and of simulated datasets
BYTES = 4  # of a parameter: variables are float32 in every precision
MAX_FEATURES = 2048  # largest number of channels that a backbone passes to the first dense layer
SLOTS: Mapping[Optimizer, int] = {
    "sgd": 0,
    "rmsprop": 1,
    "adam": 2,
    "adamw": 2,
    "adamax": 2,
    "nadam": 2,
}  # values per parameter


# Measured on CNN A; the forward pass takes a third of a training step.
SMALL_CNN: Mapping[PacePrecision, Pace] = {"float32": Pace(5.3, 1.8), "mixed_bfloat16": Pace(3.0, 1.0)}


def log_cost(params: Params, source: Mapping[str, Any]) -> None:
    """Log the expected times on two cores and the disk space, if training and prediction take more than ten minutes.

    Args:
        params: All parameters.
        source: Content of data/source.json.
    """
    images = expected_images(params, source)
    known = {
        name: training + prediction
        for name in params.models
        if (training := training_seconds(name, params, images)) is not None
        and (prediction := prediction_seconds(name, params, images)) is not None
    }
    unknown = [name for name in params.models if name not in known]
    if unknown:
        logger.info("The time of %s is unknown: the speed of its backbone was not measured.", ", ".join(unknown))
    known |= {"search": seconds} if (seconds := search_seconds(params, images)) else {}
    total = sum(known.values())
    if total > MIN_SECONDS:
        disk = expected_disk(params, source, images) / GIGABYTE
        logger.info("Expected on two cores: %s of training and prediction, %.1f GB of disk.", _rounded(total), disk)
        logger.info("Time: %s.", ", ".join(f"{name} {_rounded(duration)}" for name, duration in known.items()))
        logger.info("Stages that have not changed since the last run are not run again.")


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


def _pace(name: str, params: Params) -> Pace | None:
    """Return the pace of a member at its image size; None if the backbone's was not measured in this precision."""
    member = params.models[name]
    paces = BACKBONES[member.backbone].pace if isinstance(member, Transfer) else SMALL_CNN
    pace = paces.get(_arithmetic(params)) if paces else None
    size = (member.image_size / 224) ** 2
    if isinstance(member, Transfer):
        size *= backbone_length(member) / BACKBONES[member.backbone].layers
    return pace and Pace(pace.step * size, pace.forward * size)


def training_seconds(name: str, params: Params, images: float) -> float | None:
    """Return the expected training time of a member on two cores, in seconds, without early stopping.

    Args:
        name: Name of the member.
        params: All parameters.
        images: Number of images in all splits.

    Returns:
        None if the backbone's speed was not measured in this precision.
    """
    member, pace = params.models[name], _pace(name, params)
    if pace is None:
        return None
    train, val = _train_and_val_images(params, images)
    milliseconds = 0.0
    for phase in phases(member):
        trained = _trained_fraction(member, phase)
        frozen_forward = (1 - trained) * pace.forward * train
        # If their features are cached, frozen layers run once for each view of an image.
        views = constant_views(params.training)
        milliseconds += frozen_forward * min(len(views) if views else phase.epochs, phase.epochs)
        milliseconds += phase.epochs * (trained * pace.step * train + pace.forward * val)
    return milliseconds / 1000


def prediction_seconds(name: str, params: Params, images: float) -> float | None:
    """Return the expected time on two cores of predicting the originals of all splits with a member, in seconds.

    Args:
        name: Name of the member.
        params: All parameters.
        images: Number of images in all splits.

    Returns:
        None if the backbone's speed was not measured in this precision.
    """
    pace = _pace(name, params)
    views = VIEWS if params.predict.turns_and_flips else 1
    return pace and pace.forward * images * views / 1000


def search_seconds(params: Params, images: float) -> float:
    """Return the expected time of the search on two cores, in seconds; 0 if a cluster runs it.

    Args:
        params: All parameters.
        images: Number of images in all splits.
    """
    search = params.search
    if search.scheduler:
        return 0
    epochs, before = 0, 0
    for rung in rungs(search.trials + len(type(search.known).model_fields), search.epochs, search.halving):
        epochs += rung.trials * (rung.epochs - before)
        before = rung.epochs
    pace = SMALL_CNN[_arithmetic(params)]
    train, val = _train_and_val_images(params, images)
    seconds = epochs * (pace.step * train + pace.forward * val) / 1000 * (search.image_size / 224) ** 2
    return seconds if search.jobs > 1 else 2 * seconds  # each trial uses one thread


def expected_disk(params: Params, source: Mapping[str, Any], images: float) -> float:
    """Return the expected disk space of a run in bytes, including DVC's cache and temporary files.

    Args:
        params: All parameters.
        source: Content of data/source.json.
        images: Number of images in all splits.
    """
    dataset, count = _dataset_size(params, source)
    sample = dataset * images / max(count, 1)
    train = images * (1 - params.split.val - params.split.test)
    # The dataset is in acquired, in the cache and, during verification, once more; the sample is in merged and split.
    kept = 3 * dataset + 2 * sample + (dataset if params.data.source == "download" else 0)
    augmented = 2 * _augmented_images(params, train) * LOSSLESS_BYTES * _pixels(params)
    members = sum(_member_disk(with_optimizer(member, params.optimizer)) for member in params.models.values())
    return kept + augmented + members + _decoded_disk(params, images)


def _member_disk(member: Transfer | SmallCNN) -> float:
    """Return the bytes of a member's starting weights, trained weights and checkpoint."""
    weights = weights_size(member)
    starting = BACKBONES[member.backbone].size if isinstance(member, Transfer) and member.weights != NO_WEIGHTS else 0
    # Starting and trained weights are in data and in the cache. A checkpoint has the weights of the last and of the
    # best epoch, and is kept until all members are trained.
    return 2 * starting + 2 * weights + (2 + SLOTS[member.optimizer]) * weights


def weights_size(member: Transfer | SmallCNN) -> int:
    """Return the size of a member's weights in bytes; for the head of a backbone, an upper limit."""
    if isinstance(member, Transfer):
        return BACKBONES[member.backbone].size + BYTES * _dense_parameters(MAX_FEATURES, member.dense)
    channels, parameters = 3, 0
    for _ in range(member.conv_layers):
        parameters += (member.kernel_size**2 * channels + 1) * member.filters
        channels = member.filters
    flat = feature_map_size(member) ** 2 * channels
    return BYTES * (parameters + _dense_parameters(flat, [member.units] * member.dense_layers))


def _dense_parameters(inputs: int, layers: Sequence[int]) -> int:
    sizes = [inputs, *layers, 1]
    return sum((before + 1) * after for before, after in pairwise(sizes))


def _decoded_disk(params: Params, images: float) -> float:
    """Return the bytes of decoded images on disk: those that do not fit in memory, and those that trials share."""

    def decoded(image_size: int, minimum: float) -> float:
        sizes = [3 * image_size**2 * count for count in _train_and_val_images(params, images)]
        return sum(size for size in sizes if size > minimum)

    limit = params.runtime.memory * GIGABYTE
    search = decoded(params.search.image_size, limit) + decoded(params.search.image_size, 0)
    return max(search, *(decoded(member.image_size, limit) for member in params.models.values()))


def _dataset_size(params: Params, source: Mapping[str, Any]) -> tuple[float, float]:
    """Return the size in bytes and the number of the dataset's images."""
    if params.data.source == "simulated":
        count = params.simulate.lesions * IMAGES_PER_LESION
        return count * params.simulate.width * params.simulate.height * SIMULATED_BYTES, count
    found = find_dataset(expand(params.data.path)).images.values() if params.data.path else ()
    if params.data.source == "download" or not found:  # not here yet, or on another machine
        count = source.get("images", {}).get("count", HAM10000_IMAGES)
        return HAM10000_BYTES * count / HAM10000_IMAGES, count
    images = [entries[0] for entries in found]
    return sum(image.member.file_size if image.member else image.path.stat().st_size for image in images), len(images)


def _pixels(params: Params) -> int:
    """Return the number of pixels of an image."""
    simulated = params.data.source == "simulated"
    return params.simulate.width * params.simulate.height if simulated else HAM10000_PIXELS


def _arithmetic(params: Params) -> PacePrecision:
    return "mixed_bfloat16" if params.runtime.precision == "mixed_bfloat16" else "float32"


def _train_and_val_images(params: Params, images: float) -> tuple[float, float]:
    """Return the number of train images, including augmented ones, and of val images."""
    train = images * (1 - params.split.val - params.split.test)
    return train + _augmented_images(params, train), images * params.split.val


def _augmented_images(params: Params, train: float) -> float:
    malignant = params.simulate.malignant if params.data.source == "simulated" else HAM10000_MALIGNANT
    return max(0.0, params.augment.balance * (1 - malignant) - malignant) * train


def _trained_fraction(member: Transfer | SmallCNN, phase: Phase) -> float:
    """Return the fraction of layers that a phase trains."""
    if isinstance(member, SmallCNN) or phase.unfrozen is None:
        return 1.0
    layers = backbone_length(member)
    counts: dict[object, int] = {"all": layers, "none": 0, "last_conv": 1}
    return (counts[phase.unfrozen] if phase.unfrozen in counts else int(phase.unfrozen)) / layers


def _rounded(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.0f} h"
