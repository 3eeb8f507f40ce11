"""Predictions of the training images, recorded while an epoch trains."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.target import Target


class EpochPredictions:
    """Labels and predicted probabilities of all training steps of an epoch.

    They are those of the loss: each step predicts its batch with dropout and with the weights before its update.
    Metrics of the whole epoch are computed from them, since the ROC AUC is no mean over batches. A mixed image has the
    label of its larger part.

    Args:
        target: Classes that the network predicts.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._batches: list[NDArray[np.float32]] = []

    def record(self, y_true: Any, y_pred: Any) -> Any:
        """Record a batch; to be passed to Keras as a metric, whose value has no meaning.

        Args:
            y_true: Tensor of the truth, shape (batch, classes).
            y_pred: Tensor of probabilities, which features may follow, shape (batch, at least classes).

        Returns:
            `y_pred`, since Keras takes the mean of a metric's values.
        """
        import tensorflow as tf

        malignant = tf.constant(self.target.malignant[:, np.newaxis], y_pred.dtype)
        columns = [tf.matmul(tf.cast(y_true, y_pred.dtype), malignant)]
        columns.append(tf.matmul(y_pred[:, : len(self.target.classes)], malignant))
        with tf.device("CPU:0"):
            tf.numpy_function(self._append, [tf.concat(columns, axis=1)], [])
        return y_pred

    def _append(self, batch: NDArray[np.float32]) -> None:
        self._batches.append(batch.copy())

    def take(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return labels and probabilities of malignancy since the last call, each of shape (images,).

        They are sorted, since several devices record their parts of a batch in any order.
        """
        recorded = np.concatenate(self._batches).astype(np.float64)
        self._batches.clear()
        labels, probabilities = recorded[np.lexsort(recorded.T)].T
        return (labels >= 0.5).astype(np.int64), np.ascontiguousarray(probabilities)
