"""The phases of a member's training."""

from dataclasses import dataclass
from typing import Literal

from dermoscopy.networks.transfer import NO_WEIGHTS
from dermoscopy.params.models import SmallCNN, Transfer, UnfrozenLayers


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
