"""Photographs, or features stored of them, to batches."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def batches(
    inputs: Sequence[NDArray[Any]],
    batch_size: int,
    *,
    labels: NDArray[np.float32] | None = None,
    weights: NDArray[np.float32] | None = None,
    order: NDArray[np.int64] | None = None,
    distort: Callable[[Any, Any], Any] | None = None,
) -> Any:
    """Return a dataset of batches, the last one smaller where they do not divide.

    The arrays are read a batch at a time, wherever they are kept; a memory map is never loaded whole.
    Equal arguments give equal batches. Nothing is tuned while it runs: tf.data's autotuner makes short
    epochs erratic.

    Args:
        inputs: What the network takes, arrays of equal length: photographs of shape (photographs, side,
            side, 3), uint8, which become float32 from 0 to 255; or features, which stay as they are.
        batch_size: Photographs at a time.
        labels: 0 or 1, shape (photographs,).
        weights: How much each counts, shape (photographs,); only with labels.
        order: Positions of the photographs in the order wanted, any of them as often as wanted; as
            they stand where None.
        distort: Changes a batch of the only input, float32, given the places of its photographs in the order.

    Returns:
        A dataset of the inputs (a tensor, or a tuple where there are several), or of tuples of them,
        labels of shape (batch, 1), and weights of shape (batch,). Several inputs alone come as a tuple
        of one tuple, since Keras would take the second of them for labels.
    """
    import tensorflow as tf

    order = np.arange(len(inputs[0])) if order is None else order
    told = [] if labels is None else [labels[order][:, np.newaxis]]
    told += [] if weights is None else [weights[order]]

    def read(positions: NDArray[np.int64]) -> list[NDArray[Any]]:
        return [np.take(array, positions, axis=0) for array in inputs]

    def load(positions: Any, places: Any, *told: Any) -> Any:
        # What is read never changes; called stateful, it would lose its prefetching to determinism.
        taken = tf.numpy_function(read, [positions], [array.dtype for array in inputs], stateful=False)
        for tensor, array in zip(taken, inputs, strict=True):
            tensor.set_shape((None, *array.shape[1:]))
        taken = [tf.cast(tensor, tf.float32) if tensor.dtype == tf.uint8 else tensor for tensor in taken]
        if distort is not None:
            taken = [distort(taken[0], places)]
        if len(taken) > 1:
            return (tuple(taken), *told)
        return (taken[0], *told) if told else taken[0]

    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    columns = (order, np.arange(len(order)), *told)
    return tf.data.Dataset.from_tensor_slices(columns).batch(batch_size).map(load).prefetch(1).with_options(options)
