"""Pixels from 0 to 255 to what a network is fed, inside the network: a saved model needs no second recipe."""

from typing import Any, Literal

from dermoscopy.networks.backbones import OwnNormalization

# Of ImageNet, blue, green, red, as keras.applications.imagenet_utils subtracts them.
CAFFE_MEANS = (103.939, 116.779, 123.68)


def normalize(pixels: Any, kind: Literal["unit", "centered"] | OwnNormalization) -> Any:
    """Add the layers that normalise a picture.

    They compute in float32 under every precision: bfloat16 cannot tell all 256 values apart once shifted.

    Args:
        pixels: A Keras tensor of shape (batch, side, side, 3), red, green, blue, 0 to 255.
        kind: "unit" divides by 255; "centered" maps to -1 to 1; "caffe" swaps to blue, green, red
            and subtracts ImageNet's means.

    Returns:
        A Keras tensor of the same shape.
    """
    import keras

    if kind == "unit":
        return keras.layers.Rescaling(1 / 255, dtype="float32", name="normalization")(pixels)
    if kind == "centered":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name="normalization")(pixels)
    means = [-mean for mean in CAFFE_MEANS]
    swapped = keras.ops.flip(pixels, axis=-1)
    return keras.layers.Rescaling(1.0, offset=means, dtype="float32", name="normalization")(swapped)
