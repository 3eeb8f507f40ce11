"""Phases of a member's training, and the error for a training that diverges."""

import math
from dataclasses import dataclass
from typing import Literal

from dermoscopy.core.errors import DivergedError
from dermoscopy.networks.build import NO_WEIGHTS
from dermoscopy.networks.params import SmallCNN, Transfer, UnfrozenLayers


@dataclass(frozen=True)
class Phase:
    """Epochs with the same trainable layers, learning rate schedule and optimizer.

    Attributes:
        name: "frozen" for the first of two phases, in which only the head is trained, else "trained".
        epochs: Largest number of epochs.
        learning_rate: Learning rate, or the largest of the schedule.
        unfrozen: Trainable layers of the backbone, see `unfreeze`; None leaves all layers as they were built.
    """

    name: Literal["frozen", "trained"]
    epochs: int
    learning_rate: float
    unfrozen: UnfrozenLayers | None


def phases(parameters: Transfer | SmallCNN) -> list[Phase]:
    """Return the phases of a member's training, in order.

    With starting weights, the backbone is first frozen; then its last layers are trained with a learning rate
    of their own. With random weights, all layers are trained from the first epoch.
    """
    if isinstance(parameters, SmallCNN) or parameters.weights == NO_WEIGHTS:
        return [Phase("trained", parameters.epochs, parameters.learning_rate, None)]
    if parameters.frozen_epochs == 0:
        return [Phase("trained", parameters.epochs, parameters.learning_rate, parameters.unfrozen_layers)]
    return [
        Phase("frozen", parameters.frozen_epochs, parameters.learning_rate, "none"),
        Phase("trained", parameters.epochs, parameters.fine_tune_learning_rate, parameters.unfrozen_layers),
    ]


def require_finite(value: float, name: str, epoch: int, parameters: Transfer | SmallCNN, phase: Phase) -> None:
    """Raise an error if a value is not finite.

    Args:
        value: Training loss of the epoch, or sum of the predicted probabilities.
        name: Name of the value, for the error.
        epoch: Number of the epoch, from 1, counted over all phases.
        parameters: Parameters of the member.
        phase: Phase of the epoch.

    Raises:
        DivergedError: The value is infinite or NaN.
    """
    if math.isfinite(value):
        return
    clipping, advice = f"clip {parameters.clip} (clip_by {parameters.clip_by})", "lower clip"
    if parameters.clip is None:
        clipping, advice = "no clipping", "set clip"
    raise DivergedError(
        f"The {name} is {value} in epoch {epoch} with optimizer {parameters.optimizer}, "
        f"learning rate {phase.learning_rate}, {clipping}. Use a smaller learning rate or {advice}."
    )
