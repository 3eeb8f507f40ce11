"""Activations of layers of a member for some images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.explain.params import Explain
from dermoscopy.networks.build import backbone_layers
from dermoscopy.networks.params import SmallCNN, Transfer


@dataclass(frozen=True)
class Maps:
    """Activation maps of one layer.

    Attributes:
        title: What the layer is: its position in the member.
        channels: Number of channels of the layer.
        values: Output of the layer; shape (images, height, width, selected channels).
    """

    title: str
    channels: int
    values: NDArray[np.float32]


def chosen_layers(model: Any, parameters: Transfer | SmallCNN, settings: Explain) -> dict[str, Any]:
    """Return the layers of a member that are shown, by their titles, from the first to the last.

    Args:
        model: Keras model of the member.
        parameters: Parameters of the member.
        settings: `layers` and `inception_v3_layers`. Numbers beyond the end of the backbone are left out.
    """
    if isinstance(parameters, Transfer) and parameters.backbone == "inception_v3" and settings.inception_v3_layers:
        layers = backbone_layers(model, parameters)  # without the input, which is number 0
        numbers = [number for number in settings.inception_v3_layers if number <= len(layers)]
        return {f"layer {number} of Inception V3": layers[number - 1] for number in numbers}
    every = convolutions(model)
    return {f"convolution {index + 1} of {len(every)}": every[index] for index in spread(len(every), settings.layers)}


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


def activation_maps(model: Any, layers: Mapping[str, Any], images: NDArray[np.float32], channels: int) -> list[Maps]:
    """Return activation maps of some layers of a model.

    Of each layer, the channels with the highest activation variance over the images are kept, in
    descending order: other channels are often inactive.

    Args:
        model: Functional Keras model without nested models.
        layers: Layers by their titles, each with an output of shape (images, height, width, channels).
        images: Input of the model; shape (images, size, size, 3).
        channels: Largest number of channels of each layer.

    Returns:
        One entry for each layer.
    """
    import keras

    submodel = keras.Model(model.input, {title: layer.output for title, layer in layers.items()})
    # A direct call needs no graph. `predict` would trace one, which takes longer than a few images.
    activations = submodel(images, training=False)
    outputs = {title: np.asarray(activations[title], dtype=np.float32) for title in layers}
    return [
        Maps(title, output.shape[-1], output[..., _top_variance(output, channels)]) for title, output in outputs.items()
    ]


def _top_variance(output: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    return np.argsort(-output.var(axis=(0, 1, 2)), kind="stable")[:count]
