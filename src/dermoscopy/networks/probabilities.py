"""What a network says of photographs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.batches import batches


def probabilities(
    model: Any, inputs: Sequence[NDArray[Any]], batch_size: int, *, eager: bool = False
) -> NDArray[np.float64]:
    """Return the probability that each photograph shows a malignant lesion.

    Args:
        model: A member's Keras model, or its last layers.
        inputs: What it takes, as `batches` does: photographs, or the features stored of them.
        batch_size: Photographs at a time; changes nothing beyond rounding.
        eager: Without a graph, which costs seconds to trace.

    Returns:
        Shape (photographs,).
    """
    model.run_eagerly = eager
    model.jit_compile = False
    answers = model.predict(batches(inputs, batch_size), verbose=0)
    return np.asarray(answers[:, 0], dtype=np.float64)
