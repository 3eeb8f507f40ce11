"""One trial, in whichever process it runs."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dermoscopy.code import code_digest
from dermoscopy.errors import DivergedError, TrainingError
from dermoscopy.networks.member import build_member
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.seeds import derive
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training
from dermoscopy.search.photographs import load
from dermoscopy.search.records import Record, read_record, write_record
from dermoscopy.search.space import Trial
from dermoscopy.training.checkpoints import Checkpoint, State
from dermoscopy.training.curve import Epoch
from dermoscopy.training.fit import fit

MODEL = "trial"

# Keras's global state is one a process: a worker with several threads does its trials in turn.
_in_turn = threading.Lock()


@dataclass(frozen=True)
class Conditions:
    """What all trials of a search share.

    Attributes:
        photographs: Folder of `photographs.shared`.
        records: Folder of what trials have come to.
        training: What all members share.
        runtime: How a worker uses its machine: one thread, one device and a precision that is named, so that a
            result does not depend on which worker has it.
        seed: The top-level one.
        versions: Of the libraries.
        code: Digest of this module and what it imports.
    """

    photographs: Path
    records: Path
    training: Training
    runtime: Runtime
    seed: int
    versions: Mapping[str, str]
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
        """The record's file; another configuration, photograph, version or code has another one."""
        shared = self.conditions
        settings = {
            "parameters": self.trial.parameters.model_dump(),
            "training": shared.training.model_dump(),
            "runtime": shared.runtime.model_dump(include={"precision", "eager"}),
            "seed": shared.seed,
            "versions": dict(shared.versions),
            "photographs": shared.photographs.name,
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
        train, val = load(shared.photographs)
        configure(shared.runtime)
        require_same(shared)
        own = derive(shared.seed, "search", json.dumps(self.trial.configuration, sort_keys=True))
        model = build_member(MODEL, parameters, own)
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
            fit(
                *(model, parameters, train, val),
                training=shared.training,
                runtime=shared.runtime,
                seed=derive(own, "order"),
                state=state,
                save=save,
            )
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

    here = {"tensorflow": tf.__version__, "keras": keras.__version__}
    told = [
        f"{name} {here[name]} instead of {conditions.versions[name]}"
        for name in here
        if conditions.versions.get(name, here[name]) != here[name]
    ]
    if code_digest(__name__) != conditions.code:
        told.append("other source files of dermoscopy")
    if told:
        raise TrainingError(
            f"A worker has {' and '.join(told)}: install there what is installed here, and start it anew."
        )
