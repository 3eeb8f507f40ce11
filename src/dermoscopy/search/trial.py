"""A single trial: its training in any process, and its record on disk, which later searches reuse."""

import hashlib
import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dermoscopy.core.errors import DivergedError, TrainingError
from dermoscopy.core.files import atomic_write
from dermoscopy.core.fingerprint import code_digest
from dermoscopy.networks.build import build_member
from dermoscopy.networks.params import Monitor
from dermoscopy.networks.runtime import configure
from dermoscopy.search.images import load_images
from dermoscopy.search.space import Trial
from dermoscopy.train.checkpoints import Checkpoint, State
from dermoscopy.train.fit import fit
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.settings import TrainSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """Training record of a trial.

    Attributes:
        epochs: Epochs trained so far.
        n_weights: Number of weights of the network.
        ended: Whether the training has ended, so that more epochs would not change the record.
        problem: Error message if the loss became infinite or NaN, else empty.
    """

    epochs: Sequence[Epoch]
    n_weights: int
    ended: bool
    problem: str = ""

    def reaches(self, epochs: int) -> bool:
        """Return whether the record gives the result after a number of epochs."""
        return self.ended or len(self.epochs) >= epochs

    def chosen(self, epochs: int, monitor: Monitor) -> Epoch | None:
        """Return the best of the first epochs; None if the trial failed within them.

        Args:
            epochs: Number of epochs.
            monitor: Metric that selects the epoch.
        """
        if self.problem and len(self.epochs) < epochs:
            return None
        curve = Curve(monitor)
        for epoch in self.epochs[:epochs]:
            curve.add(epoch)
        return curve.chosen


def write_record(record: Record, path: Path) -> None:
    """Write a record as JSON, atomically."""
    with atomic_write(path, shared=True) as temporary:
        temporary.write_text(json.dumps(asdict(record)), encoding="utf-8")


def read_record(path: Path) -> Record | None:
    """Read a record; return None if the file is missing or not readable."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Record(**{**content, "epochs": [Epoch(**epoch) for epoch in content["epochs"]]})
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        logger.warning("%s cannot be read (%s): its trial runs again.", path, error)
        return None


MODEL = "trial"

# Keras has one global state per process, so the threads of a worker run their trials in turn.
_keras_lock = threading.Lock()


@dataclass(frozen=True)
class Conditions:
    """Settings shared by all trials of a search.

    Attributes:
        images: Folder of `shared_images`.
        records: Folder of the records of trials.
        settings: Settings shared by all trainings. Each worker uses one thread, one device and the same named
            precision, so that a result does not depend on the worker.
        code: Digest of the source of this module and its imports.
    """

    images: Path
    records: Path
    settings: TrainSettings
    code: str


@dataclass(frozen=True, eq=False)  # without eq, because joblib hashes it and its fields are not hashable
class Task:
    """Training of a trial up to an epoch. A call trains it and writes its record before it returns.

    Attributes:
        trial: The trial.
        epochs: Number of epochs to reach, unless the training ends before.
        conditions: Settings shared by all trials.
    """

    trial: Trial
    epochs: int
    conditions: Conditions

    @property
    def __name__(self) -> str:
        """Name of the task in Dask."""
        return f"trial_{self.trial.number}"

    @property
    def record_path(self) -> Path:
        """Path of the record; it differs for other configurations, images, settings, versions or code."""
        conditions = self.conditions
        settings = {
            "parameters": self.trial.parameters.model_dump(),
            **conditions.settings.key(),
            "runtime": conditions.settings.runtime.model_dump(include={"precision", "eager"}),
            "images": conditions.images.name,
            "code": conditions.code,
        }
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        return conditions.records / f"{key}.json"

    @property
    def checkpoint(self) -> Checkpoint:
        """Checkpoint from which a paused trial resumes."""
        return Checkpoint(self.record_path.with_suffix(""))

    def finished(self) -> Record | None:
        """Return the record if it reaches the epochs of this task."""
        record = read_record(self.record_path)
        return record if record and record.reaches(self.epochs) else None

    def __call__(self) -> tuple[int, Record]:
        """Train the trial and return its number and its record.

        Raises:
            TrainingError: This process has other code or libraries than the search, or too little memory.
        """
        with _keras_lock:
            record = self.finished()
            if record is None:
                record = self._train()
                write_record(record, self.record_path)
        return self.trial.number, record

    def _train(self) -> Record:
        conditions, parameters = self.conditions, self.trial.parameters
        train, val = load_images(conditions.images)
        configure(conditions.settings.runtime)
        require_same_environment(conditions)
        settings = conditions.settings.derived("search", json.dumps(self.trial.configuration, sort_keys=True))
        model = build_member(MODEL, parameters, settings.seed)
        state = self.checkpoint.load()
        epochs: list[Epoch] = list(state.epochs) if state else []
        if self.epochs <= len(epochs) < parameters.epochs:
            return Record(tuple(epochs), model.count_params(), ended=False, problem="")

        def save(state: State) -> None:
            epochs[:] = state.epochs
            if len(epochs) == self.epochs < parameters.epochs:
                self.checkpoint.save(state)
                raise _PausedError

        problem, ended = "", True
        try:
            fit(model, parameters, train, val, settings.derived("order"), state=state, save=save)
        except _PausedError:
            ended = False
        except DivergedError as error:
            problem = str(error)
        return Record(tuple(epochs), model.count_params(), ended, problem)


class _PausedError(Exception):
    """The trial has reached the epochs of its task."""


def require_same_environment(conditions: Conditions) -> None:
    """Refuse a worker whose results would differ.

    Args:
        conditions: Settings shared by all trials, with the versions and the code of the search.

    Raises:
        TrainingError: The worker has other code, or another version of TensorFlow or Keras.
    """
    import keras
    import tensorflow as tf

    versions = conditions.settings.versions
    installed = {"tensorflow": tf.__version__, "keras": keras.__version__}
    differences = [
        f"{name} {installed[name]} instead of {versions[name]}"
        for name in installed
        if versions.get(name, installed[name]) != installed[name]
    ]
    if code_digest(__name__) != conditions.code:
        differences.append("other source files of dermoscopy")
    if differences:
        raise TrainingError(
            f"A worker has {' and '.join(differences)}. Install the same code and versions there and restart the "
            "worker."
        )
