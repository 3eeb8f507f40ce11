"""Predictions of the training images, recorded while an epoch trains."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class EpochPredictions:
    """Labels and predicted probabilities of all training steps of an epoch.

    They are those of the loss: each step predicts its batch with dropout and with the weights before its update.
    Metrics of the whole epoch are computed from them, since the ROC AUC is no mean over batches.
    """

    def __init__(self) -> None:
        self._batches: list[NDArray[np.float32]] = []

    def record(self, y_true: Any, y_pred: Any) -> Any:
        """Record a batch; to be passed to Keras as a metric, whose value has no meaning.

        Args:
            y_true: Tensor of labels, 0 or 1, shape (batch, 1).
            y_pred: Tensor of probabilities, shape (batch, 1).

        Returns:
            `y_pred`, since Keras takes the mean of a metric's values.
        """
        import tensorflow as tf

        with tf.device("CPU:0"):
            tf.numpy_function(self._append, [tf.concat([tf.cast(y_true, y_pred.dtype), y_pred], axis=1)], [])
        return y_pred

    def _append(self, batch: NDArray[np.float32]) -> None:
        self._batches.append(batch.copy())

    def take(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return labels and probabilities since the last call, each of shape (images,).

        They are sorted, since several devices record their parts of a batch in any order.
        """
        recorded = np.concatenate(self._batches).astype(np.float64)
        self._batches.clear()
        labels, probabilities = recorded[np.lexsort(recorded.T)].T
        return labels.astype(np.int64), np.ascontiguousarray(probabilities)
