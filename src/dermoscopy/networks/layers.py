"""Layers that all members share: input normalization and classification head, with a seed for each layer.

Normalization is part of the network, so that saved models take pixels from 0 to 255.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Literal

from dermoscopy.networks.backbones import BackboneNormalization
from dermoscopy.networks.params import Initializer


def derive(seed: int, *names: str | int) -> int:
    """Derive an independent seed for a named part of a network or of a training.

    Without its own seed, a Keras layer uses one global generator: the weights of a member would then
    depend on the members that were built before it.

    Args:
        seed: Seed of the whole.
        names: Name of the part, from the largest unit to the smallest, for example "cnn_a", "dropout", 1.

    Returns:
        A seed from 0 to 2**31 - 1; equal arguments give equal seeds on every machine.
    """
    digest = hashlib.sha256(json.dumps([seed, *names]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def head(
    features: Any, units: Sequence[int], *, dropout: float, l2: float, initializer: Initializer, seed: int, classes: int
) -> Any:
    """Add a classification head: dense layers with dropout, and the output.

    Args:
        features: Keras tensor of shape (batch, features).
        units: Number of units of each dense layer; ReLU follows each.
        dropout: Dropout rate after each dense layer; without dense layers, before the output.
        l2: Weight of the L2 penalty on the kernel of each dense layer.
        initializer: Initializer of all kernels.
        seed: Seed of the initial weights and of dropout.
        classes: Number of classes, see `networks.target`.

    Returns:
        Keras tensor of the probabilities of the classes, shape (batch, classes), float32 in every precision.
    """
    import keras

    def kernel(*names: str | int) -> Any:
        return keras.initializers.get(
            {"class_name": initializer, "config": {"seed": derive(seed, *names)}},
        )

    for number, width in enumerate(units, 1):
        features = keras.layers.Dense(
            width,
            activation="relu",
            kernel_initializer=kernel("dense", number),
            kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
            name=f"dense_{number}",
        )(features)
        features = _drop(features, dropout, seed, number)
    if not units:
        features = _drop(features, dropout, seed, 1)
    activation, name = ("sigmoid", "malignant") if classes == 1 else ("softmax", "diagnoses")
    return keras.layers.Dense(
        classes, activation=activation, kernel_initializer=kernel("output"), dtype="float32", name=name
    )(features)


def _drop(features: Any, rate: float, seed: int, number: int) -> Any:
    import keras

    if rate == 0:
        return features
    return keras.layers.Dropout(rate, seed=derive(seed, "dropout", number), name=f"dropout_{number}")(features)


# Means of ImageNet, blue, green, red, as keras.applications.imagenet_utils subtracts them.
CAFFE_MEANS = (103.939, 116.779, 123.68)


def normalize(
    pixels: Any, kind: Literal["unit", "centered"] | BackboneNormalization, name: str = "normalization"
) -> Any:
    """Add the layers that normalize pixels.

    They compute in float32 in every precision: after the shift, bfloat16 cannot represent all 256 values.

    Args:
        pixels: Keras tensor of shape (batch, image_size, image_size, 3), red, green, blue, 0 to 255.
        kind: Kind of normalization. "unit" divides by 255; "centered" scales to -1 to 1; "caffe" swaps to
            blue, green, red and subtracts the means of ImageNet; "inside" changes nothing, since the backbone does it.
        name: Name of the last layer.

    Returns:
        Keras tensor of the same shape, float32.
    """
    import keras

    if kind == "unit":
        return keras.layers.Rescaling(1 / 255, dtype="float32", name=name)(pixels)
    if kind == "centered":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name=name)(pixels)
    if kind == "inside":
        return keras.layers.Rescaling(1.0, dtype="float32", name=name)(pixels)
    means = [-mean for mean in CAFFE_MEANS]
    swapped = keras.ops.flip(pixels, axis=-1)
    return keras.layers.Rescaling(1.0, offset=means, dtype="float32", name=name)(swapped)
