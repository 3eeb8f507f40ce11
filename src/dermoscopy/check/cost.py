"""Expected time of training and prediction of a run, logged with its disk space before it starts."""

import logging
from collections.abc import Mapping
from typing import Any

from dermoscopy.check.counts import expected_images, train_and_val_images, trained_fraction
from dermoscopy.check.disk import caches_on_disk, expected_disk
from dermoscopy.check.params import Params
from dermoscopy.core.params import GIGABYTE
from dermoscopy.networks.backbones import BACKBONES, Pace, PacePrecision
from dermoscopy.networks.build import backbone_length
from dermoscopy.networks.params import Transfer
from dermoscopy.networks.runtime import cpu_flags, fastest_precision
from dermoscopy.networks.views import VIEWS, constant_views
from dermoscopy.search.space import rungs
from dermoscopy.train.phases import phases

logger = logging.getLogger(__name__)

MIN_SECONDS = 600  # shorter runs are not logged

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
        if params.runtime.disk and any(caches_on_disk(member, params, images) for member in params.models.values()):
            logger.info("Cached features of frozen layers: up to %g GB more, see runtime.disk.", params.runtime.disk)
        logger.info("Time: %s.", ", ".join(f"{name} {_rounded(duration)}" for name, duration in known.items()))
        if (flags := cpu_flags()) and "avx512f" not in flags.split():
            logger.info("These times need AVX-512, which this processor has not: expect several times as long.")
        logger.info("Stages that have not changed since the last run are not run again.")


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
    train, val = train_and_val_images(params, images)
    milliseconds = 0.0
    for phase in phases(member):
        trained = trained_fraction(member, phase)
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
    train, val = train_and_val_images(params, images)
    seconds = epochs * (pace.step * train + pace.forward * val) / 1000 * (search.image_size / 224) ** 2
    return seconds if search.jobs > 1 else 2 * seconds  # each trial uses one thread


def _arithmetic(params: Params) -> PacePrecision:
    precision = params.runtime.precision
    if precision == "auto":
        precision = fastest_precision(cpu_flags(), None)
    return "mixed_bfloat16" if precision == "mixed_bfloat16" else "float32"


def _rounded(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.0f} h"
