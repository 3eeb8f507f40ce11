"""Activations of the convolutional layers of a member for some images."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Maps:
    """Activation maps of one convolutional layer.

    Attributes:
        number: Position of the layer among the convolutional layers, from 1.
        total: Number of convolutional layers of the member.
        channels: Number of channels of the layer.
        values: Output of the layer; shape (images, height, width, selected channels).
    """

    number: int
    total: int
    channels: int
    values: NDArray[np.float32]


def convolutions(model: Any) -> list[Any]:
    """Return the convolutional layers of a model, from its input to its output.

    They are found by type and position. Keras numbers layer names within a process, so names do not
    identify layers.
    """
    import keras

    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]


def spread(total: int, count: int) -> list[int]:
    """Return up to `count` evenly spaced indices from 0 to `total` - 1, with the first and the last."""
    indices = np.linspace(0, total - 1, min(count, total)).round().astype(int)
    return [int(index) for index in indices]


def activation_maps(model: Any, images: NDArray[np.float32], layers: int, channels: int) -> list[Maps]:
    """Return activation maps of some convolutional layers of a model.

    Of each layer, the channels with the highest activation variance over the images are kept, in
    descending order: other channels are often inactive.

    Args:
        model: Functional Keras model without nested models.
        images: Input of the model; shape (images, size, size, 3).
        layers: Number of convolutional layers, evenly spaced from the first to the last.
        channels: Largest number of channels of each layer.

    Returns:
        One entry for each layer, from the first to the last.
    """
    import keras

    every = convolutions(model)
    indices = spread(len(every), layers)
    submodel = keras.Model(model.input, {str(index): every[index].output for index in indices})
    # A direct call needs no graph. `predict` would trace one, which takes longer than a few images.
    activations = submodel(images, training=False)
    outputs = [np.asarray(activations[str(index)], dtype=np.float32) for index in indices]
    return [
        Maps(index + 1, len(every), output.shape[-1], output[..., _top_variance(output, channels)])
        for index, output in zip(indices, outputs, strict=True)
    ]


def _top_variance(output: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    return np.argsort(-output.var(axis=(0, 1, 2)), kind="stable")[:count]
