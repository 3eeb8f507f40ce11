"""Which of a backbone's layers train."""

from collections.abc import Sequence
from typing import Any, Literal


def unfreeze(backbone: Sequence[Any], last: int | Literal["all"]) -> None:
    """Let only the last layers of a backbone train; compile the model afterwards.

    Batch normalisation stays frozen, and so in inference mode: its statistics are ImageNet's, and a
    few small batches would ruin them.

    Args:
        backbone: Its layers, first one first.
        last: How many train; 0 freezes the whole backbone.
    """
    import keras

    count = len(backbone) if last == "all" else last
    for place, layer in enumerate(backbone):
        trains = place >= len(backbone) - count
        layer.trainable = trains and not isinstance(layer, keras.layers.BatchNormalization)
