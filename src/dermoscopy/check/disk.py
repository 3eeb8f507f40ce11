"""Expected disk space of a run."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from dermoscopy.acquire.sources import expand, find_dataset
from dermoscopy.check.counts import (
    HAM10000_IMAGES,
    IMAGES_PER_LESION,
    augmented_images,
    train_and_val_images,
    trained_fraction,
)
from dermoscopy.check.params import Params
from dermoscopy.core.params import GIGABYTE
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import NO_WEIGHTS, feature_map_size
from dermoscopy.networks.params import Optimizer, SmallCNN, Transfer, with_optimizer
from dermoscopy.networks.views import constant_views
from dermoscopy.train.phases import phases

HAM10000_BYTES = 2.8e9
HAM10000_PIXELS = 600 * 450  # of an image
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
    augmented = 2 * augmented_images(params, train) * LOSSLESS_BYTES * _pixels(params)
    averages = 0 if params.training.weight_average is None else 2
    chosen = [with_optimizer(member, params.optimizer) for member in params.models.values()]
    members = sum(_member_disk(member, averages) for member in chosen)
    return kept + augmented + members + _decoded_disk(params, images)


def caches_on_disk(member: Transfer | SmallCNN, params: Params, images: float) -> bool:
    """Return whether the cached features of frozen layers may need more than `runtime.memory`."""
    views = constant_views(params.training)
    if views is None or isinstance(member, SmallCNN):
        return False
    train, val = train_and_val_images(params, images)
    rows = train * len(views) + val
    cached = [phase for phase in phases(member) if len(views) < phase.epochs and trained_fraction(member, phase) < 1]
    # Only of a whole backbone is the number of features known: one for each channel.
    return any(
        phase.unfrozen != "none" or rows * BYTES * MAX_FEATURES > params.runtime.memory * GIGABYTE for phase in cached
    )


def _member_disk(member: Transfer | SmallCNN, averages: int) -> float:
    """Return the bytes of a member's starting weights, trained weights and checkpoint with copies of averages."""
    weights = weights_size(member)
    starting = BACKBONES[member.backbone].size if isinstance(member, Transfer) and member.weights != NO_WEIGHTS else 0
    # Starting and trained weights are in data and in the cache. A checkpoint has the weights of the last and of the
    # best epoch, the values of the optimizer and, with averages, these and the weights of the training. It is kept
    # until all members are trained.
    return 2 * starting + 2 * weights + (2 + SLOTS[member.optimizer] + averages) * weights


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
        sizes = [3 * image_size**2 * count for count in train_and_val_images(params, images)]
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
