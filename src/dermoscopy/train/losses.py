"""Losses that a training minimises."""

from typing import Any

from dermoscopy.networks.params import Training


def make_loss(training: Training) -> Any:
    """Return the Keras loss of a training, from labels and probabilities of shape (batch, 1).

    The metrics of the curve do not change with it: their loss is the cross-entropy of the labels as they are, so that
    trainings with other losses can be compared.

    Args:
        training: Parameters of the training: `loss`, `focal_gamma` and `label_smoothing`.
    """
    import keras

    if training.loss == "focal":
        # Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, without its weights of the labels, since
        # `training.balance` has them.
        return keras.losses.BinaryFocalCrossentropy(
            gamma=training.focal_gamma, label_smoothing=training.label_smoothing
        )
    return keras.losses.BinaryCrossentropy(label_smoothing=training.label_smoothing)
