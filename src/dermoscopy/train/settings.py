"""Settings that all trainings of a run share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from dermoscopy.networks.layers import derive
from dermoscopy.networks.params import Runtime, Training


@dataclass(frozen=True)
class TrainSettings:
    """Settings that all trainings of a run share, from the stage to the trainer.

    Attributes:
        training: Parameters of the training.
        runtime: Parameters of the use of the machine.
        seed: Top-level seed; inside a training, the seed that `derived` returns.
        protocol: Title of the split protocol, from `core.protocol.protocol_title`; no result depends on it.
        versions: Versions of the libraries; a killed training is not resumed with other versions.
    """

    training: Training
    runtime: Runtime
    seed: int
    protocol: str
    versions: Mapping[str, str]

    def derived(self, *names: str) -> Self:
        """Return the same settings with a seed that is derived from names."""
        return replace(self, seed=derive(self.seed, *names))

    def key(self) -> dict[str, Any]:
        """Return the settings that the result of a training depends on, as JSON values."""
        return {
            "training": self.training.model_dump(),
            "runtime": self.runtime.model_dump(),
            "seed": self.seed,
            "versions": dict(self.versions),
        }
