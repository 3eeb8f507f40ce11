"""Losses that a training minimises."""

from typing import Any

from dermoscopy.networks.params import Training
from dermoscopy.networks.target import Target
from dermoscopy.train.center_loss import CenterLoss


def make_loss(training: Training, target: Target, center: CenterLoss | None = None) -> Any:
    """Return the Keras loss of a training, from truth and probabilities of shape (batch, classes).

    The metrics of the curve do not change with it: their loss is the cross-entropy of the labels as they are, so that
    trainings with other losses can be compared.

    Args:
        training: Parameters of the training: `loss`, `focal_gamma` and `label_smoothing`.
        target: Classes that the network predicts.
        center: Center loss that is added; the output of the network then has features after its probabilities.
    """
    import keras

    losses = keras.losses
    smoothing = {"label_smoothing": training.label_smoothing}
    # Focal: Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, without its weights of the classes, since
    # `training.balance` has them.
    if training.loss == "focal" and target.is_binary:
        loss = losses.BinaryFocalCrossentropy(gamma=training.focal_gamma, **smoothing)
    elif training.loss == "focal":
        loss = losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=training.focal_gamma, **smoothing)
    else:
        loss = (losses.BinaryCrossentropy if target.is_binary else losses.CategoricalCrossentropy)(**smoothing)
    return loss if center is None else _joint(loss, center, len(target.classes))


def _joint(loss: Any, center: CenterLoss, classes: int) -> Any:
    """Return the sum of a loss of the probabilities and the center loss of the features."""
    import keras

    class Joint(keras.losses.Loss):  # type: ignore[misc]
        def call(self, y_true: Any, y_pred: Any) -> Any:
            both = [1 - y_true, y_true] if classes == 1 else [y_true]
            of_classes = keras.ops.concatenate(both, axis=-1)
            return loss.call(y_true, y_pred[:, :classes]) + center(of_classes, y_pred[:, classes:])

    return Joint(name="joint")
