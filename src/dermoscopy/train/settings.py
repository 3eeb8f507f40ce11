"""What the trainings of one run share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from dermoscopy.networks.layers import derive
from dermoscopy.networks.params import Runtime, Training


@dataclass(frozen=True)
class TrainSettings:
    """What the trainings of one run share, from the stage to the trainer.

    Attributes:
        training: Parameters that all members share.
        runtime: How the machine is used.
        seed: The top-level one; in a training, the one that `derived` made of it.
        protocol: How the splits were drawn, as `core.splits.protocol_title` returns it; no training depends on it.
        versions: Of the libraries; under others a killed training starts anew.
    """

    training: Training
    runtime: Runtime
    seed: int
    protocol: str
    versions: Mapping[str, str]

    def derived(self, *names: str) -> Self:
        """Return the same settings with the seed mixed with names."""
        return replace(self, seed=derive(self.seed, *names))

    def key(self) -> dict[str, Any]:
        """Return all that a training's result depends on, as JSON can hold it."""
        return {
            "training": self.training.model_dump(),
            "runtime": self.runtime.model_dump(),
            "seed": self.seed,
            "versions": dict(self.versions),
        }
