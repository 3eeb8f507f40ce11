"""Cache the features of frozen layers, computed once per image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.params import GIGABYTE
from dermoscopy.networks.data import batches


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


def feature_gigabytes(partial: PartialModels, images: int) -> float:
    """Return the size of the cached features of a number of images, in GB."""
    bytes_per_image = sum(int(np.prod(tensor.shape[1:])) * _dtype(tensor).itemsize for tensor in partial.frozen.outputs)
    return images * bytes_per_image / GIGABYTE


def cache_features(
    partial: PartialModels,
    images: NDArray[np.uint8],
    batch_size: int,
    *,
    eager: bool,
    on_batch: Callable[[int], None] = lambda count: None,
) -> list[NDArray[Any]]:
    """Compute the features of images.

    Args:
        partial: Frozen and trained part of a network, from `split_frozen`.
        images: Images, shape (images, image_size, image_size, 3), uint8.
        batch_size: Number of images per batch; it changes only rounding.
        eager: Run without a graph.
        on_batch: Called after each batch with its number of images.

    Returns:
        An array for each tensor of features, with images along the first axis, in the precision of the computation.
    """
    partial.frozen.run_eagerly = eager
    partial.frozen.jit_compile = False  # as in `probabilities`
    features = [np.empty((len(images), *tensor.shape[1:]), _dtype(tensor)) for tensor in partial.frozen.outputs]
    start = 0
    for batch in batches([images], batch_size):
        end = start + len(batch)
        for cached, computed in zip(features, _tensors(partial.frozen.predict_on_batch(batch)), strict=True):
            cached[start:end] = computed
        on_batch(end - start)
        start = end
    return features


def _tensors(tensors: Any) -> Sequence[Any]:
    return tensors if isinstance(tensors, (list, tuple)) else [tensors]


def _dtype(tensor: Any) -> np.dtype[Any]:
    import tensorflow as tf

    kind: np.dtype[Any] = np.dtype(tf.as_dtype(tensor.dtype).as_numpy_dtype)
    return kind
