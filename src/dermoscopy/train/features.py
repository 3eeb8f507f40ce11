"""Cache the features of frozen layers, computed once per image, or once per view of an image."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.errors import TrainingError
from dermoscopy.core.params import GIGABYTE
from dermoscopy.networks.params import Runtime, Training
from dermoscopy.networks.views import constant_views, view_images


@dataclass(frozen=True)
class PartialModels:
    """A network split into frozen and trained layers.

    Attributes:
        frozen: Keras model from images to features, a list of tensors: inside a block of Inception V3
            there are several.
        trained: Keras model from the features to the output; it shares its layers with the whole network.
    """

    frozen: Any
    trained: Any


def split_frozen(model: Any) -> PartialModels | None:
    """Split a network after the last layers whose output for an image never changes.

    Such a layer has no trainable weights, is no dropout, and follows only layers of this kind.

    Args:
        model: Keras model whose layers are already frozen or trainable, as in the training.

    Returns:
        Frozen and trained part; None if no layer with weights is before the split, so that nothing would be saved.
    """
    import keras

    constant: set[str] = set()
    crossing: dict[str, Any] = {}
    for operation in model.operations:
        inputs = [] if isinstance(operation, keras.layers.InputLayer) else _tensors(operation.input)
        trains = bool(getattr(operation, "trainable_weights", [])) or isinstance(operation, keras.layers.Dropout)
        before = [tensor for tensor in inputs if tensor._keras_history.operation.name in constant]
        if not trains and len(before) == len(inputs):
            constant.add(operation.name)
        else:
            crossing.update((tensor.name, tensor) for tensor in before)
    if not any(operation.name in constant and getattr(operation, "weights", []) for operation in model.operations):
        return None
    features = list(crossing.values())
    return PartialModels(keras.Model(model.inputs, features), keras.Model(features, model.outputs))


@dataclass(frozen=True)
class CachePlan:
    """Whether and where the features of frozen layers are cached.

    Attributes:
        views: Views of each train image whose features are cached, see `networks.views`; empty if nothing is cached.
        on_disk: Whether the features are in a file, not in memory.
        text: Decision and reason, for the log; empty if the network has no frozen layers.
    """

    views: Sequence[int]
    on_disk: bool
    text: str


def plan_cache(
    partial: PartialModels | None, train: int, val: int, epochs: int, training: Training, runtime: Runtime, folder: Path
) -> CachePlan:
    """Decide whether features are cached: if that takes fewer passes than there are epochs, and if they fit.

    Only parameters decide. Features of several views are rounded, so the free disk space would change the result.

    Args:
        partial: Frozen and trained part of the network; None if no layers are frozen.
        train: Number of train images.
        val: Number of val images.
        epochs: Number of epochs of the phase.
        training: Parameters of the training: `augment` and `mix`.
        runtime: Limits: `memory` and `disk`.
        folder: Folder on the disk where features would be kept.

    Raises:
        TrainingError: The features would be kept on disk, and there is too little space.
    """
    if partial is None:
        return CachePlan((), False, "")
    views = constant_views(training)
    if views is None:
        cause = "the augmentation" if training.mix == "none" else f"{training.mix} of images"
        return CachePlan((), False, f"Frozen layers are computed in each epoch: {cause} changes their features")
    if 1 < len(views) >= epochs:
        text = f"Frozen layers are computed in each of {epochs} epochs: images have {len(views)} views"
        return CachePlan((), False, text)
    size = feature_gigabytes(partial, train * len(views), half=len(views) > 1) + feature_gigabytes(partial, val)
    text = f"Features of frozen layers are cached, {_views_text(len(views))}: {size:.2f} GB"
    if size <= runtime.memory:
        return CachePlan(views, False, f"{text} in memory")
    if size <= runtime.disk:
        _require_space(size, folder)
        return CachePlan(views, True, f"{text} on disk")
    limits = f"{size:.2f} GB, runtime.memory is {runtime.memory:g} and runtime.disk {runtime.disk:g}"
    return CachePlan((), False, f"Frozen layers are computed in each epoch: their features are too large ({limits})")


def _views_text(views: int) -> str:
    return "once for each image" if views == 1 else f"for {views} views of each image"


def _require_space(size: float, folder: Path) -> None:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free / GIGABYTE
    if free < size:
        raise TrainingError(
            f"Disk full: the cached features of frozen layers need {size:.2f} GB in {folder}, and {free:.2f} GB are "
            "free.\nFree disk space, or set runtime.disk to 0: frozen layers are then computed in each epoch."
        )


def feature_gigabytes(partial: PartialModels, images: int, *, half: bool = False) -> float:
    """Return the size of the cached features of a number of images, in GB, or in half precision."""
    bytes_per_image = sum(
        int(np.prod(tensor.shape[1:])) * _dtype(tensor, half=half).itemsize for tensor in partial.frozen.outputs
    )
    return images * bytes_per_image / GIGABYTE


def cache_features(
    partial: PartialModels,
    images: NDArray[np.uint8],
    batch_size: int,
    *,
    eager: bool,
    views: Sequence[int] = (0,),
    folder: Path | None = None,
    on_batch: Callable[[int], None] = lambda count: None,
) -> list[NDArray[Any]]:
    """Compute the features of images.

    Args:
        partial: Frozen and trained part of a network, from `split_frozen`.
        images: Images, shape (images, image_size, image_size, 3), uint8.
        batch_size: Number of images per batch; it changes only rounding.
        eager: Run without a graph.
        views: Views of each image. Features of several are stored in half precision.
        folder: Folder of a file without a name that keeps the features; None keeps them in memory.
        on_batch: Called after each batch with its number of images and views.

    Returns:
        An array for each tensor of features, with the views of the first image first, then those of the second, and so
        on; in the precision of the computation, or half precision.

    Raises:
        OSError: The disk is full.
    """
    partial.frozen.run_eagerly = eager
    partial.frozen.jit_compile = False  # as in `outputs`
    half = len(views) > 1
    rows = len(images) * len(views)
    stores = [_Store((rows, *tensor.shape[1:]), _dtype(tensor, half=half), folder) for tensor in partial.frozen.outputs]
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        computed = [_features(partial.frozen, view_images(batch, view)) for view in views]
        for store, tensors in zip(stores, zip(*computed, strict=True), strict=True):
            store.append(np.stack(tensors, axis=1).reshape(-1, *tensors[0].shape[1:]))
        on_batch(len(batch) * len(views))
    return [store.array() for store in stores]


def _features(frozen: Any, images: NDArray[np.uint8]) -> Sequence[NDArray[Any]]:
    return [np.asarray(tensor) for tensor in _tensors(frozen.predict_on_batch([images.astype(np.float32)]))]


class _Store:
    """Rows that are appended one after another, in memory or in a file."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], folder: Path | None) -> None:
        self.shape, self.dtype, self.end = shape, dtype, 0
        self.rows = np.empty(shape, dtype) if folder is None else None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            # The file has no name, so that it is removed however the process ends.
            self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115

    def append(self, rows: NDArray[Any]) -> None:
        if self.dtype == np.float16:
            largest = np.finfo(np.float16).max  # a large value stays finite
            rows = rows.clip(-largest, largest)
        if self.rows is None:
            # Written, not mapped: with a memory map, a full disk would kill the process instead of raising an error.
            self.file.write(rows.astype(self.dtype).tobytes())
        else:
            self.rows[self.end : self.end + len(rows)] = rows
            self.end += len(rows)

    def array(self) -> NDArray[Any]:
        if self.rows is not None:
            return self.rows
        with self.file as file:
            file.flush()
            return np.memmap(file, self.dtype, mode="r", shape=self.shape)


def _tensors(tensors: Any) -> Sequence[Any]:
    return tensors if isinstance(tensors, (list, tuple)) else [tensors]


def _dtype(tensor: Any, *, half: bool) -> np.dtype[Any]:
    import tensorflow as tf

    kind: np.dtype[Any] = np.dtype(tf.as_dtype(tensor.dtype).as_numpy_dtype)
    return np.dtype(np.float16) if half and kind.itemsize > 2 else kind
