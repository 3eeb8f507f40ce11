"""Photographs in memory to batches."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def batches(
    images: Any,
    batch_size: int,
    *,
    labels: NDArray[np.float32] | None = None,
    order: NDArray[np.int64] | None = None,
) -> Any:
    """Return a dataset of float32 batches, the last one smaller where they do not divide.

    Nothing in it is tuned while it runs: tf.data's autotuner makes short epochs erratic.

    Args:
        images: Tensor or array of shape (photographs, side, side, 3), uint8.
        batch_size: Photographs at a time.
        labels: 0 or 1, shape (photographs,); with them the dataset yields pairs.
        order: Positions of the photographs in the order wanted; as they stand where None.
    """
    import tensorflow as tf

    pixels = tf.convert_to_tensor(images)
    order = np.arange(len(pixels)) if order is None else order

    def gather(places: Any) -> Any:
        chosen = tf.cast(tf.gather(pixels, places), tf.float32)
        return chosen if labels is None else (chosen, tf.gather(truth, places))

    if labels is not None:
        truth = tf.convert_to_tensor(labels[:, np.newaxis])
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    return tf.data.Dataset.from_tensor_slices(order).batch(batch_size).map(gather).prefetch(1).with_options(options)
