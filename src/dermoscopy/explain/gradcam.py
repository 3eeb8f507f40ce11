"""Grad-CAM: where the features of a network raise the probability of malignancy.

Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, ICCV 2017.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.target import Target

BATCH = 32


class SplitModel(NamedTuple):
    """A network split after a feature map on which all later layers depend.

    Attributes:
        before: Keras model from images to the feature map, shape (images, height, width, channels).
        after: Keras model from the feature map to the input of the output layer, shape (images, features).
        output: Output layer.
    """

    before: Any
    after: Any
    output: Any


def split_at_map(model: Any, min_size: int) -> SplitModel:
    """Split a network after its last feature map that is large enough to show a place.

    Of a branched network only maps are considered that join all branches. Maps after pooling are not: the map before
    has the same channels and more pixels.

    Args:
        model: Keras model of a member.
        min_size: Smallest width of the feature map, in pixels. If none is as wide, the widest one is used.
    """
    import keras

    output = model.layers[-1]
    maps = [tensor for tensor in _joining_tensors(model) if len(tensor.shape) == 4]
    wide = [tensor for tensor in maps if tensor.shape[2] >= min_size]
    chosen = wide[-1] if wide else max(maps, key=lambda tensor: int(tensor.shape[2]))
    return SplitModel(keras.Model(model.input, chosen), keras.Model(chosen, output.input), output)


def _joining_tensors(model: Any) -> Iterator[Any]:
    """Yield each tensor on which all later layers depend, from first to last, without input and pooling."""
    import keras

    inputs = (keras.layers.InputLayer, keras.layers.Rescaling)
    pooling = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
    last_use: dict[str, int] = {}
    for index, operation in enumerate(model.operations):
        for tensor in _inputs(operation):
            last_use[tensor._keras_history.operation.name] = index
    pending = 0  # last use of all tensors so far
    for index, operation in enumerate(model.operations):
        if pending <= index and not isinstance(operation, (*inputs, *pooling)):
            yield operation.output
        pending = max(pending, last_use.get(operation.name, 0))


def _inputs(operation: Any) -> list[Any]:
    import keras

    if isinstance(operation, keras.layers.InputLayer):
        return []
    return list(operation.input) if isinstance(operation.input, (list, tuple)) else [operation.input]


def gradcam(model: Any, target: Target, images: NDArray[np.uint8], min_size: int) -> NDArray[np.float32]:
    """Return the Grad-CAM maps of images for malignancy.

    The weight of a channel is the mean over its pixels of the gradient of the logit of the probability of malignancy.
    A map is the weighted sum of the channels, where it is positive.

    Args:
        model: Keras model of a member.
        target: Classes that it predicts.
        images: Images, shape (images, image_size, image_size, 3).
        min_size: Smallest width of the feature map, see `split_at_map`.

    Returns:
        Maps, at least 0, of the size of the feature map; shape (images, height, width).
    """
    parts = split_at_map(model, min_size)
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    return np.concatenate([_maps(parts, target, batch.astype(np.float32)) for batch in batches])


def _maps(parts: SplitModel, target: Target, images: NDArray[np.float32]) -> NDArray[np.float32]:
    import tensorflow as tf

    features = parts.before(images, training=False)
    with tf.GradientTape() as tape:
        tape.watch(features)
        score = tf.reduce_sum(_logit(parts, target, parts.after(features, training=False)))
    gradients = np.asarray(tf.cast(tape.gradient(score, features), tf.float32))
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    maps = (weights * np.asarray(tf.cast(features, tf.float32))).sum(axis=3)
    return np.asarray(np.maximum(maps, 0), np.float32)


def _logit(parts: SplitModel, target: Target, features: Any) -> Any:
    """Return the logit of the probability of malignancy, also where the probability is rounded to 0 or 1."""
    import tensorflow as tf

    scores = tf.cast(features, tf.float32) @ parts.output.kernel.value + parts.output.bias.value
    if target.is_binary:
        return scores[:, 0]
    malignant = target.malignant == 1
    of_malignant, of_benign = (tf.boolean_mask(scores, mask, axis=1) for mask in (malignant, ~malignant))
    return tf.reduce_logsumexp(of_malignant, axis=1) - tf.reduce_logsumexp(of_benign, axis=1)


def enlarge(maps: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return maps in the size of the image, with bilinear interpolation.

    Args:
        maps: Maps, shape (images, height, width).
        size: Width and height of the image, in pixels.

    Returns:
        Maps, shape (images, size, size).
    """
    import cv2

    return np.stack([cv2.resize(one, (size, size), interpolation=cv2.INTER_LINEAR) for one in maps])


def ensemble_map(maps: Mapping[str, NDArray[np.float32]], size: int) -> NDArray[np.float32]:
    """Return the mean of the members' maps, each divided by its maximum.

    Args:
        maps: Member to its map of one image, shape (height, width).
        size: Width and height of the result, in pixels.
    """
    large = [enlarge(one[np.newaxis], size)[0] for one in maps.values()]
    return np.asarray(np.mean([one / max(float(one.max()), 1e-12) for one in large], axis=0), np.float32)
