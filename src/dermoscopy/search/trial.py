"""One trial, in whichever process it runs.

What a trial has come to, kept on disk from one search to the next.
"""

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
from dermoscopy.search.images import load
from dermoscopy.search.space import Trial
from dermoscopy.train.checkpoints import Checkpoint, State
from dermoscopy.train.fit import fit
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.settings import TrainSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """A trial so far.

    Attributes:
        epochs: It has trained.
        weights: Numbers its network learns.
        over: Whether it trains no further, however many epochs it were given.
        problem: Why, if it is because the loss is no longer finite; else nothing.
    """

    epochs: Sequence[Epoch]
    weights: int
    over: bool
    problem: str = ""

    def reaches(self, epochs: int) -> bool:
        """Return whether it tells how the trial stands after so many epochs."""
        return self.over or len(self.epochs) >= epochs

    def chosen(self, epochs: int, monitor: Monitor) -> Epoch | None:
        """Return the best of its first epochs; None if it failed within them."""
        if self.problem and len(self.epochs) < epochs:
            return None
        curve = Curve(monitor)
        for epoch in self.epochs[:epochs]:
            curve.add(epoch)
        return curve.chosen


def write_record(record: Record, path: Path) -> None:
    """Write a record; the file appears whole or not at all."""
    with atomic_write(path, shared=True) as beside:
        beside.write_text(json.dumps(asdict(record)), encoding="utf-8")


def read_record(path: Path) -> Record | None:
    """Return a record; None where there is none, or none that can be read."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Record(**{**told, "epochs": [Epoch(**epoch) for epoch in told["epochs"]]})
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        logger.warning("%s cannot be read (%s): its trial runs again.", path, error)
        return None


MODEL = "trial"

# Keras's global state is one a process: a worker with several threads does its trials in turn.
_in_turn = threading.Lock()


@dataclass(frozen=True)
class Conditions:
    """What all trials of a search share.

    Attributes:
        images: Folder of `images.shared`.
        records: Folder of what trials have come to.
        settings: What all trainings share. A worker uses its machine with one thread, one device and a precision
            that is named, so that a result does not depend on which worker has it.
        code: Digest of this module and what it imports.
    """

    images: Path
    records: Path
    settings: TrainSettings
    code: str


@dataclass(frozen=True, eq=False)  # joblib wants to hash it, which its fields cannot be
class Task:
    """A trial to be trained up to an epoch; called, it does so, and its record is on disk before it returns.

    Attributes:
        trial: Which.
        epochs: How many at least, unless it ends before.
        conditions: Shared with the others.
    """

    trial: Trial
    epochs: int
    conditions: Conditions

    @property
    def __name__(self) -> str:
        """As Dask tells a task."""
        return f"trial_{self.trial.number}"

    @property
    def record(self) -> Path:
        """The record's file; another configuration, image, version or code has another one."""
        shared = self.conditions
        settings = {
            "parameters": self.trial.parameters.model_dump(),
            **shared.settings.key(),
            "runtime": shared.settings.runtime.model_dump(include={"precision", "eager"}),
            "images": shared.images.name,
            "code": shared.code,
        }
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        return shared.records / f"{key}.json"

    @property
    def checkpoint(self) -> Checkpoint:
        """What it goes on from, once it has paused."""
        return Checkpoint(self.record.with_suffix(""))

    def finished(self) -> Record | None:
        """Return the record if it says enough."""
        record = read_record(self.record)
        return record if record and record.reaches(self.epochs) else None

    def __call__(self) -> tuple[int, Record]:
        """Train and return the trial's number and its record.

        Raises:
            TrainingError: This process has other code or libraries than the search, or too little memory.
        """
        with _in_turn:
            record = self.finished()
            if record is None:
                record = self._train()
                write_record(record, self.record)
        return self.trial.number, record

    def _train(self) -> Record:
        shared, parameters = self.conditions, self.trial.parameters
        train, val = load(shared.images)
        configure(shared.settings.runtime)
        require_same(shared)
        own = shared.settings.derived("search", json.dumps(self.trial.configuration, sort_keys=True))
        model = build_member(MODEL, parameters, own.seed)
        state = self.checkpoint.load()
        epochs: list[Epoch] = list(state.epochs) if state else []
        if self.epochs <= len(epochs) < parameters.epochs:
            return Record(tuple(epochs), model.count_params(), over=False, problem="")

        def save(state: State) -> None:
            epochs[:] = state.epochs
            if len(epochs) == self.epochs < parameters.epochs:
                self.checkpoint.save(state)
                raise _PausedError

        problem, over = "", True
        try:
            fit(model, parameters, train, val, own.derived("order"), state=state, save=save)
        except _PausedError:
            over = False
        except DivergedError as error:
            problem = str(error)
        return Record(tuple(epochs), model.count_params(), over, problem)


class _PausedError(Exception):
    """The trial has the epochs it was given."""


def require_same(conditions: Conditions) -> None:
    """Refuse a worker that would give other results.

    Raises:
        TrainingError: It has other code, or another TensorFlow or Keras.
    """
    import keras
    import tensorflow as tf

    versions = conditions.settings.versions
    here = {"tensorflow": tf.__version__, "keras": keras.__version__}
    told = [
        f"{name} {here[name]} instead of {versions[name]}"
        for name in here
        if versions.get(name, here[name]) != here[name]
    ]
    if code_digest(__name__) != conditions.code:
        told.append("other source files of dermoscopy")
    if told:
        raise TrainingError(
            f"A worker has {' and '.join(told)}: install there what is installed here, and start it anew."
        )
