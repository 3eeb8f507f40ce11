"""What a trial has come to, kept on disk from one search to the next."""

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dermoscopy.params.training import Monitor
from dermoscopy.training.curve import Curve, Epoch

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
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(asdict(record), file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


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
