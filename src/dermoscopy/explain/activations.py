"""What the convolutions of a member answer to a image."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Maps:
    """The activation maps of one convolution.

    Attributes:
        number: Its place among the convolutions, from 1.
        total: How many convolutions the member has.
        channels: How many channels this one has.
        values: Shape (images, height, width, chosen channels); as the layer gives them out.
    """

    number: int
    total: int
    channels: int
    values: NDArray[np.float32]


def convolutions(model: Any) -> list[Any]:
    """Return a model's convolutions, from its input to its output.

    Told by their kind and place: the names Keras gives layers count through a process and are no
    identity.
    """
    import keras

    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]


def spread(total: int, count: int) -> list[int]:
    """Return up to `count` places from 0 to `total` - 1: the first, the last, and evenly between."""
    places = np.linspace(0, total - 1, min(count, total)).round().astype(int)
    return [int(place) for place in places]


def activation_maps(model: Any, images: NDArray[np.float32], layers: int, channels: int) -> list[Maps]:
    """Run images through a model and keep what a few of its convolutions give out.

    Of each convolution those channels are kept whose answer varies most over these images, the
    top_variance first: others are often silent.

    Args:
        model: A functional Keras model without models nested in it.
        images: As the model takes them, shape (images, size, size, 3).
        layers: How many convolutions, spread from the first to the last.
        channels: How many channels of each.

    Returns:
        One entry a convolution, from first to last.
    """
    import keras

    every = convolutions(model)
    places = spread(len(every), layers)
    inside = keras.Model(model.input, {str(place): every[place].output for place in places})
    # Calling it traces no graph, as predict would: tracing costs more than a few images.
    answers = inside(images, training=False)
    outputs = [np.asarray(answers[str(place)], dtype=np.float32) for place in places]
    return [
        Maps(place + 1, len(every), output.shape[-1], output[..., _top_variance(output, channels)])
        for place, output in zip(places, outputs, strict=True)
    ]


def _top_variance(output: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    return np.argsort(-output.var(axis=(0, 1, 2)), kind="stable")[:count]
