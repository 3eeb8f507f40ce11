"""What a killed training goes on from: the state after its last finished epoch."""

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

from dermoscopy.core.files import FINISHED, write_beside
from dermoscopy.networks.data import sha256_of_arrays
from dermoscopy.train.history import Curve, Epoch

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """All that the next epoch depends on, beside what the key names; random draws follow from seed and epoch.

    Attributes:
        epochs: Trained so far, in all phases.
        weights: The model's.
        optimizer: Its variables, in the phase of the last epoch.
        best: The model's weights after the chosen epoch.
        predictions: What those say of val, shape (images,).
    """

    epochs: Sequence[Epoch]
    weights: Sequence[NDArray[Any]]
    optimizer: Sequence[NDArray[Any]]
    best: Sequence[NDArray[Any]]
    predictions: NDArray[np.float64]


class Checkpoint:
    """A folder that holds one state at most, whole.

    Args:
        folder: Made when a state is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, state: State) -> None:
        """Replace what was saved; killed meanwhile, or with the disk full, what was saved before stays.

        Raises:
            OSError: It cannot be written.
        """
        lists = {"weights": state.weights, "optimizer": state.optimizer}
        # After an epoch that is the best so far both are the same.
        if state.best is not state.weights:
            lists["best"] = state.best
        arrays = {f"{name}_{place}": array for name, several in lists.items() for place, array in enumerate(several)}
        epochs = json.dumps([asdict(epoch) for epoch in state.epochs])
        with write_beside(self.folder / "state.npz") as beside:
            np.savez(beside, allow_pickle=False, epochs=np.array(epochs), predictions=state.predictions, **arrays)

    def load(self) -> State | None:
        """Return what was saved; None where nothing was, or nothing that can be read."""
        path = self.folder / "state.npz"
        if not path.is_file():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                arrays = dict(stored)
            weights = _several(arrays, "weights")
            return State(
                epochs=[Epoch(**epoch) for epoch in json.loads(str(arrays["epochs"]))],
                weights=weights,
                optimizer=_several(arrays, "optimizer"),
                best=_several(arrays, "best") or weights,
                predictions=arrays["predictions"],
            )
        except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            logger.warning("%s cannot be read (%s): training starts from its first epoch.", path, error)
            return None

    def finish(self) -> None:
        """Mark what was saved as no longer needed, once DVC has recorded what came of it: `remove_finished`."""
        (self.folder / FINISHED).touch()

    def remove(self) -> None:
        """Remove what was saved."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _several(arrays: dict[str, NDArray[Any]], name: str) -> list[NDArray[Any]]:
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return [arrays[f"{name}_{place}"] for place in range(count)]


def restore_curve(curve: Curve, state: State) -> Curve:
    """Return a curve with the epochs of a state added to it."""
    for epoch in state.epochs:
        curve.add(epoch)
    return curve


def checkpoint_key(member: str, settings: Any, arrays: Sequence[NDArray[Any]], files: Sequence[Path]) -> str:
    """Return the name of the state of one training: other parameters, data or code give another one.

    Args:
        member: Who trains; the name begins with it.
        settings: Parameters, versions and code, as JSON can hold them.
        arrays: The images and labels that are trained and chosen on.
        files: Whatever else it starts from.
    """
    digest = hashlib.sha256(json.dumps([member, settings], sort_keys=True).encode())
    digest.update(sha256_of_arrays(arrays).encode())
    for path in files:
        digest.update(path.read_bytes())
    return f"{member}-{digest.hexdigest()[:16]}"
