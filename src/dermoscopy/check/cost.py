"""What a run will cost, told before it starts."""

import logging
from collections.abc import Mapping
from typing import Any

from dermoscopy.acquire.sources import expand, find
from dermoscopy.check.params import Params
from dermoscopy.core.params import GIGABYTE
from dermoscopy.networks.backbones import BACKBONES, Pace, PacePrecision
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.search.space import rungs
from dermoscopy.train.phases import Phase, phases

logger = logging.getLogger(__name__)

LONG = 600  # seconds from which it is worth a line
HAM10000 = 10_015  # images
DOWNLOAD = 2.8e9  # bytes
SIMULATED = 0.21  # bytes a pixel of a simulated image
A_LESION = 1.34  # images, as in HAM10000
MALIGNANT = 0.195  # share of HAM10000


# The small network is CNN A, going forward a third of its step.
SMALL: Mapping[PacePrecision, Pace] = {"float32": Pace(5.3, 1.8), "mixed_bfloat16": Pace(3.0, 1.0)}


def log_cost(params: Params, source: Mapping[str, Any]) -> None:
    """Tell how long members and search train on two cores and what disk a run takes, if that is above ten minutes.

    Args:
        params: params.yaml.
        source: data/source.json.
    """
    images = expected_images(params, source)
    parts = {name: training_seconds(name, params, images) for name in params.models}
    parts["search"] = search_seconds(params, images)
    unknown = [name for name, seconds in parts.items() if seconds is None]
    if unknown:
        logger.info(
            "How long %s trains is not known: the pace of its backbone is not measured (networks/backbones.py).",
            ", ".join(unknown),
        )
    known = {name: seconds for name, seconds in parts.items() if seconds}
    total = sum(known.values())
    if total > LONG:
        logger.info(
            "Expected on two cores: %s of training (%s), and %.1f GB of disk for the whole run. "
            "What has not changed since the last one is not trained again.",
            *(_about(total), ", ".join(f"{name} {_about(seconds)}" for name, seconds in known.items())),
            expected_disk(params, images) / GIGABYTE,
        )


def expected_images(params: Params, source: Mapping[str, Any]) -> float:
    """Return how many images go into the parts.

    Args:
        params: params.yaml.
        source: data/source.json.
    """
    if params.data.source == "simulated":
        images = params.simulate.lesions * A_LESION
    else:
        images = source.get("images", {}).get("count", HAM10000)
    return min(images, params.merge.lesions * A_LESION) if params.merge.lesions else images


def training_seconds(name: str, params: Params, images: float) -> float | None:
    """Return about how long a member trains on two cores, had it to train all its epochs.

    Args:
        name: The member's.
        params: params.yaml.
        images: Images in all parts.

    Returns:
        None where its backbone's pace is not measured.
    """
    member = params.models[name]
    paces = BACKBONES[member.backbone].pace if isinstance(member, Transfer) else SMALL
    if paces is None:
        return None
    pace = paces[_arithmetic(params)]
    train, val = _fitted(params, images)
    milliseconds = 0.0
    for phase in phases(member):
        share = _trained_share(member, phase)
        below = (1 - share) * pace.forward * train
        # What stays frozen runs once, unless each epoch shows it other images.
        milliseconds += below * (phase.epochs if params.training.augment.changes else 1)
        milliseconds += phase.epochs * (share * pace.step * train + pace.forward * val)
    return milliseconds / 1000 * (member.image_size / 224) ** 2


def search_seconds(params: Params, images: float) -> float:
    """Return about how long the search takes on two cores; 0 where a cluster does it.

    Args:
        params: params.yaml.
        images: Images in all parts.
    """
    search = params.search
    if search.scheduler:
        return 0
    epochs, before = 0, 0
    for rung in rungs(search.trials + len(type(search.known).model_fields), search.epochs, search.halving):
        epochs += rung.trials * (rung.epochs - before)
        before = rung.epochs
    pace = SMALL[_arithmetic(params)]
    train, val = _fitted(params, images)
    seconds = epochs * (pace.step * train + pace.forward * val) / 1000 * (search.image_size / 224) ** 2
    return seconds if search.jobs > 1 else 2 * seconds  # a trial has one thread


def expected_disk(params: Params, images: float) -> float:
    """Return how many bytes a run takes, DVC's cache and what it needs for a while included.

    Args:
        params: params.yaml.
        images: Images in all parts.
    """
    dataset, count = _archive(params)
    sample = dataset * images / max(count, 1)
    train = images * (1 - params.split.val - params.split.test)
    # raw and the cache hold the dataset, and verification once more; merged and split hold the sample.
    kept = 3 * dataset + 2 * sample + (dataset if params.data.source == "download" else 0)
    return kept + 2 * _copies(params, train) * dataset / max(count, 1)


def _archive(params: Params) -> tuple[float, float]:
    """Return the bytes and the number of the images as they come."""
    if params.data.source == "simulated":
        count = params.simulate.lesions * A_LESION
        return count * params.simulate.width * params.simulate.height * SIMULATED, count
    if params.data.source == "download" or params.data.path is None:
        return DOWNLOAD, HAM10000
    entries = [entries[0] for entries in find(expand(params.data.path)).images.values()]
    return sum(one.member.file_size if one.member else one.path.stat().st_size for one in entries), len(entries)


def _arithmetic(params: Params) -> PacePrecision:
    return "mixed_bfloat16" if params.runtime.precision == "mixed_bfloat16" else "float32"


def _fitted(params: Params, images: float) -> tuple[float, float]:
    """Return how many images train, copies included, and how many of val choose."""
    train = images * (1 - params.split.val - params.split.test)
    return train + _copies(params, train), images * params.split.val


def _copies(params: Params, train: float) -> float:
    malignant = params.simulate.malignant if params.data.source == "simulated" else MALIGNANT
    return max(0.0, params.augment.balance * (1 - malignant) - malignant) * train


def _trained_share(member: Transfer | SmallCNN, phase: Phase) -> float:
    """Return the share of layers that a phase trains."""
    if isinstance(member, SmallCNN) or phase.unfrozen is None:
        return 1.0
    layers = BACKBONES[member.backbone].layers
    counts: dict[object, int] = {"all": layers, "none": 0, "last_conv": 1}
    return (counts[phase.unfrozen] if phase.unfrozen in counts else int(phase.unfrozen)) / layers


def _about(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.0f} h"
