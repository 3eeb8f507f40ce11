"""The phases of a member's training.

What stops a training, in the user's words.
"""

import math
from dataclasses import dataclass
from typing import Literal

from dermoscopy.core.errors import DivergedError
from dermoscopy.networks.build import NO_WEIGHTS
from dermoscopy.networks.params import SmallCNN, Transfer, UnfrozenLayers


@dataclass(frozen=True)
class Phase:
    """Epochs that share layers, learning rate and optimizer state.

    Attributes:
        name: "frozen" for the first of two phases, in which only the head trains, else "trained".
        epochs: How many, at most.
        learning_rate: The optimizer's step, or the largest of its schedule.
        unfrozen: Which of the backbone's layers train; None leaves all layers as they were built.
    """

    name: Literal["frozen", "trained"]
    epochs: int
    learning_rate: float
    unfrozen: UnfrozenLayers | None


def phases(parameters: Transfer | SmallCNN) -> list[Phase]:
    """Return a member's phases, in order.

    Over starting weights the backbone is first frozen, then its last layers follow with a step of
    their own; without any there is nothing to keep, and every layer trains from the first epoch.
    """
    if isinstance(parameters, SmallCNN) or parameters.weights == NO_WEIGHTS:
        return [Phase("trained", parameters.epochs, parameters.learning_rate, None)]
    if parameters.frozen_epochs == 0:
        return [Phase("trained", parameters.epochs, parameters.learning_rate, parameters.unfrozen_layers)]
    return [
        Phase("frozen", parameters.frozen_epochs, parameters.learning_rate, "none"),
        Phase("trained", parameters.epochs, parameters.fine_tune_learning_rate, parameters.unfrozen_layers),
    ]


def require_finite(value: float, what: str, epoch: int, parameters: Transfer | SmallCNN, phase: Phase) -> None:
    """Stop where a number of an epoch is none any more.

    Args:
        value: A loss, or a sum of probabilities.
        what: Its name.
        epoch: From 1, through all phases.
        parameters: Of the member.
        phase: In which it happened.

    Raises:
        DivergedError: It is infinite or no number.
    """
    if math.isfinite(value):
        return
    clipped = (
        "gradients not clipped" if parameters.clip is None else f"{parameters.clip_by} clipped at {parameters.clip}"
    )
    raise DivergedError(
        f"The {what} became {value} in epoch {epoch}, with {parameters.optimizer}, "
        f"learning rate {phase.learning_rate}, {clipped}: take a smaller learning rate or clip harder."
    )
