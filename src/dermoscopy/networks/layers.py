"""What turns features into one probability.

Pixels from 0 to 255 to what a network is fed, inside the network: a saved model needs no second recipe.

Seeds of a network's parts, each its own, so that no part's draw moves another's.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Literal

from dermoscopy.networks.backbones import BackboneNormalization
from dermoscopy.networks.params import Initializer


def derive(seed: int, *names: str | int) -> int:
    """Return the seed of a named part.

    Keras's layers draw from one global generator unless they are given a seed: a member's weights
    would then depend on which members were built before it.

    Args:
        seed: The top-level seed.
        names: What is seeded, from the whole to the part: "cnn_a", "dropout", 1.

    Returns:
        A number from 0 to 2**31 - 1; equal arguments give equal numbers on every machine.
    """
    digest = hashlib.sha256(json.dumps([seed, *names]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def head(features: Any, units: Sequence[int], *, dropout: float, l2: float, initializer: Initializer, seed: int) -> Any:
    """Add dense layers with dropout, and the output.

    Args:
        features: A Keras tensor of shape (batch, features).
        units: Of each dense layer, ReLU after it.
        dropout: After each of them; before the output where there is none.
        l2: Weight of the penalty on each of their kernels.
        initializer: Of every kernel.
        seed: Of this head's draws.

    Returns:
        The probability that the lesion is malignant, float32 under every precision; shape (batch, 1).
    """
    import keras

    def kernel(*names: str | int) -> Any:
        return keras.initializers.get(
            {"class_name": initializer, "config": {"seed": derive(seed, *names)}},
        )

    for place, width in enumerate(units, 1):
        features = keras.layers.Dense(
            width,
            activation="relu",
            kernel_initializer=kernel("dense", place),
            kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
            name=f"dense_{place}",
        )(features)
        features = _drop(features, dropout, seed, place)
    if not units:
        features = _drop(features, dropout, seed, 1)
    return keras.layers.Dense(
        1, activation="sigmoid", kernel_initializer=kernel("output"), dtype="float32", name="malignant"
    )(features)


def _drop(features: Any, rate: float, seed: int, place: int) -> Any:
    import keras

    if rate == 0:
        return features
    return keras.layers.Dropout(rate, seed=derive(seed, "dropout", place), name=f"dropout_{place}")(features)


# Of ImageNet, blue, green, red, as keras.applications.imagenet_utils subtracts them.
CAFFE_MEANS = (103.939, 116.779, 123.68)


def normalize(pixels: Any, kind: Literal["unit", "centered"] | BackboneNormalization, name: str = "normalization") -> Any:
    """Add the layers that normalise a image.

    They compute in float32 under every precision: bfloat16 cannot tell all 256 values apart once shifted.

    Args:
        pixels: A Keras tensor of shape (batch, side, side, 3), red, green, blue, 0 to 255.
        kind: "unit" divides by 255; "centered" maps to -1 to 1; "caffe" swaps to blue, green, red
            and subtracts ImageNet's means; "inside" leaves that to the network.
        name: Of the last layer.

    Returns:
        A Keras tensor of the same shape.
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
