"""What frozen layers say of each image, computed once and stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.params import GIGABYTE
from dermoscopy.networks.data import batches


@dataclass(frozen=True)
class SplitModel:
    """A network cut where nothing before the cut trains.

    Attributes:
        frozen: A Keras model from images to the features at the cut, a list of tensors: a cut through
            a block of Inception V3 crosses several.
        trained: A Keras model from those features to the output; it shares its layers with the whole.
    """

    frozen: Any
    trained: Any


def split_frozen(model: Any) -> SplitModel | None:
    """Cut a network behind the last layers whose answer for a image never changes.

    Such a layer has nothing that trains, drops nothing out, and stands behind none that does.

    Args:
        model: A Keras model, its layers frozen as they are to be.

    Returns:
        Its split_model; None where no layer with weights stands before the cut, so that it would spare nothing.
    """
    import keras

    fixed: set[str] = set()
    crossing: dict[str, Any] = {}
    for operation in model.operations:
        inputs = [] if isinstance(operation, keras.layers.InputLayer) else _tensors(operation.input)
        trains = bool(getattr(operation, "trainable_weights", [])) or isinstance(operation, keras.layers.Dropout)
        before = [tensor for tensor in inputs if tensor._keras_history.operation.name in fixed]
        if not trains and len(before) == len(inputs):
            fixed.add(operation.name)
        else:
            crossing.update((tensor.name, tensor) for tensor in before)
    if not any(operation.name in fixed and getattr(operation, "weights", []) for operation in model.operations):
        return None
    features = list(crossing.values())
    return SplitModel(keras.Model(model.inputs, features), keras.Model(features, model.outputs))


def feature_gigabytes(split_model: SplitModel, images: int) -> float:
    """Return what the features of so many images take, in gigabytes."""
    bytes_each = sum(int(np.prod(tensor.shape[1:])) * _dtype(tensor).itemsize for tensor in split_model.frozen.outputs)
    return images * bytes_each / GIGABYTE


def cache_features(
    split_model: SplitModel,
    images: NDArray[np.uint8],
    batch_size: int,
    *,
    eager: bool,
    on_batch: Callable[[int], None] = lambda count: None,
) -> list[NDArray[Any]]:
    """Run the frozen layers over images, once.

    Args:
        split_model: Of a network.
        images: Shape (images, side, side, 3), uint8.
        batch_size: Images at a time; changes nothing beyond rounding.
        eager: Without a graph.
        on_batch: Called after each batch with how many images it held.

    Returns:
        An array for each tensor that crosses the cut, images along its first axis, in the precision
        they were computed in.
    """
    split_model.frozen.run_eagerly = eager
    split_model.frozen.jit_compile = False  # as in `probabilities`
    features = [np.empty((len(images), *tensor.shape[1:]), _dtype(tensor)) for tensor in split_model.frozen.outputs]
    start = 0
    for batch in batches([images], batch_size):
        end = start + len(batch)
        for kept, told in zip(features, _tensors(split_model.frozen.predict_on_batch(batch)), strict=True):
            kept[start:end] = told
        on_batch(end - start)
        start = end
    return features


def _tensors(one_or_several: Any) -> Sequence[Any]:
    return one_or_several if isinstance(one_or_several, (list, tuple)) else [one_or_several]


def _dtype(tensor: Any) -> np.dtype[Any]:
    import tensorflow as tf

    kind: np.dtype[Any] = np.dtype(tf.as_dtype(tensor.dtype).as_numpy_dtype)
    return kind
