"""Checkpoints of interrupted trainings: the state after the last finished epoch."""

import hashlib
import json
import logging
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.files import atomic_write
from dermoscopy.core.stage import FINISHED
from dermoscopy.networks.data import sha256_of_arrays
from dermoscopy.train.history import Curve, Epoch

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """State of a training after an epoch: all that the next epoch depends on and `checkpoint_key` does not name.

    Random numbers need no state: they are derived from seed and epoch.

    Attributes:
        epochs: Finished epochs of all phases.
        weights: Weights of the model.
        optimizer: Variables of the optimizer, in the phase of the last epoch.
        best: Weights of the model after the chosen epoch.
        probabilities: Predicted probabilities of the val images with the best weights, shape (images,).
    """

    epochs: Sequence[Epoch]
    weights: Sequence[NDArray[Any]]
    optimizer: Sequence[NDArray[Any]]
    best: Sequence[NDArray[Any]]
    probabilities: NDArray[np.float64]


class Checkpoint:
    """Folder of the last saved state of one training.

    Args:
        folder: Folder of the state; created when a state is saved.

    Attributes:
        epochs: Number of epochs in the state that was saved or loaded last.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.epochs = 0

    def save(self, state: State) -> None:
        """Save a state in place of the previous one, which is kept if the process is killed or the disk is full.

        Args:
            state: State after an epoch.

        Raises:
            OSError: The state cannot be written.
        """
        lists = {"weights": state.weights, "optimizer": state.optimizer}
        # Not saved twice: after the best epoch so far, both are the same.
        if state.best is not state.weights:
            lists["best"] = state.best
        arrays = {f"{name}_{index}": array for name, listed in lists.items() for index, array in enumerate(listed)}
        epochs = json.dumps([asdict(epoch) for epoch in state.epochs])
        with atomic_write(self.folder / "state.npz") as temporary:
            np.savez(
                temporary, allow_pickle=False, epochs=np.array(epochs), probabilities=state.probabilities, **arrays
            )
        self.epochs = len(state.epochs)

    def load(self) -> State | None:
        """Return the saved state; None if there is none or it cannot be read."""
        path = self.folder / "state.npz"
        if not path.is_file():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                arrays = dict(saved)
            weights = _listed(arrays, "weights")
            state = State(
                epochs=[Epoch(**epoch) for epoch in json.loads(str(arrays["epochs"]))],
                weights=weights,
                optimizer=_listed(arrays, "optimizer"),
                best=_listed(arrays, "best") or weights,
                probabilities=arrays["probabilities"],
            )
            self.epochs = len(state.epochs)
            return state
        except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            logger.warning("%s cannot be read (%s). Training starts from the first epoch.", path, error)
            return None

    def next_run(self) -> str:
        """Return what the next run does if this one is interrupted now."""
        if self.epochs:
            return f"The next run resumes after epoch {self.epochs}."
        return "No epoch is finished: the next run starts this training from the beginning."

    def finish(self) -> None:
        """Mark the state as finished, so that `remove_finished` removes it after DVC has recorded the outputs."""
        (self.folder / FINISHED).touch()

    def remove(self) -> None:
        """Remove the saved state."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _listed(arrays: dict[str, NDArray[Any]], name: str) -> list[NDArray[Any]]:
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return [arrays[f"{name}_{index}"] for index in range(count)]


def restore_curve(curve: Curve, state: State) -> Curve:
    """Add the epochs of a state to a curve and return it."""
    for epoch in state.epochs:
        curve.add(epoch)
    return curve


def checkpoint_key(member: str, settings: Any, arrays: Sequence[NDArray[Any]], files: Sequence[Path]) -> str:
    """Return the folder name of a training's checkpoint; other parameters, data or code give another name.

    Args:
        member: Name of the member, with which the folder name begins.
        settings: Parameters, versions and code, as JSON values.
        arrays: Images and labels of train and val.
        files: Other files that the training starts from, such as starting weights.
    """
    digest = hashlib.sha256(json.dumps([member, settings], sort_keys=True).encode())
    digest.update(sha256_of_arrays(arrays).encode())
    for path in files:
        digest.update(path.read_bytes())
    return f"{member}-{digest.hexdigest()[:16]}"
