"""Which of a backbone's layers train."""

from collections.abc import Sequence
from typing import Any, Literal

from dermoscopy.params.models import UnfrozenLayers


def unfreeze(backbone: Sequence[Any], last: UnfrozenLayers | Literal[0], *, frozen_batch_norm: bool) -> None:
    """Let only the last layers of a backbone train; compile the model afterwards.

    Args:
        backbone: Its layers, first one first.
        last: How many train; or "all", "none" (as 0), or "last_conv", from the last convolution to the end.
        frozen_batch_norm: Keep batch normalisation frozen, and so in inference mode, wherever it stands: its
            statistics are ImageNet's, and a few small batches would ruin them.
    """
    import keras

    first = len(backbone) - _count(backbone, last)
    for place, layer in enumerate(backbone):
        kept = frozen_batch_norm and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = place >= first and not kept


def _count(backbone: Sequence[Any], last: UnfrozenLayers | Literal[0]) -> int:
    import keras

    if last == "all":
        return len(backbone)
    if last == "none":
        return 0
    if last == "last_conv":
        kinds = (keras.layers.Conv2D, keras.layers.SeparableConv2D, keras.layers.DepthwiseConv2D)
        return next(count for count, layer in enumerate(reversed(backbone), 1) if isinstance(layer, kinds))
    return last
