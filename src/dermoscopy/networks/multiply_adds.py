"""Multiply-adds of a network for one image, counted from the shapes of its layers."""

import math
from typing import Any


def multiply_adds(model: Any) -> int:
    """Return the number of multiply-adds of a forward pass for one image.

    Only convolutions and dense layers are counted. Biases, normalization, activations and pooling take few operations
    beside them. A training step takes about three times as many: a backward pass computes the gradients of the inputs
    and of the kernels.

    Args:
        model: Keras model of a network, or of a part of it.
    """
    return sum(map(layer_multiply_adds, model.layers))


def layer_multiply_adds(layer: Any) -> int:
    """Return the number of multiply-adds of a layer for one image; 0 if it is not counted.

    Each value of a kernel is used once at each position of the output: strides, groups and depthwise kernels are in the
    shapes already.

    Args:
        layer: Keras layer that is part of a model.
    """
    import keras

    if isinstance(layer, keras.layers.SeparableConv2D):
        kernels = [layer.depthwise_kernel, layer.pointwise_kernel]
    elif isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)):
        kernels = [layer.kernel]
    else:
        return 0
    positions = math.prod(layer.output.shape[1:-1])  # height times width; 1 for features without positions
    total: int = positions * sum(math.prod(kernel.shape) for kernel in kernels)
    return total


def count_parameters(weights: list[Any]) -> int:
    """Return the number of values in a list of weights."""
    return sum(math.prod(weight.shape) for weight in weights)
