"""How trials rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.params.training import LOWEST_IS_BEST, Monitor
from dermoscopy.search.records import Record
from dermoscopy.search.space import Trial


@dataclass(frozen=True)
class Standing:
    """A trial after some epochs.

    Attributes:
        trial: Which.
        epochs: It was given.
        record: What it has come to.
    """

    trial: Trial
    epochs: int
    record: Record

    def row(self, monitor: Monitor) -> dict[str, Any]:
        """Return its row of data/search/trials.csv, but for the protocol."""
        chosen = self.record.chosen(self.epochs, monitor)
        scores = ("epoch", "val_loss", "val_accuracy", "val_roc_auc")
        return {
            "trial": self.trial.number,
            "name": self.trial.name,
            **self.trial.configuration,
            "weights": self.record.weights,
            "epochs": self.epochs,
            **{name: getattr(chosen, name, np.nan) for name in scores},
            "score": getattr(chosen, monitor, np.nan),
            "problem": "" if chosen else self.record.problem,
        }


def table(standings: Sequence[Standing], monitor: Monitor, protocol: str) -> pd.DataFrame:
    """Return the rows of data/search/trials.csv.

    Args:
        standings: All there were.
        monitor: What scores.
        protocol: As `evaluation.protocol.shown` tells it.
    """
    return pd.DataFrame([standing.row(monitor) for standing in standings]).assign(protocol=protocol)


def ranked(rows: pd.DataFrame, monitor: Monitor) -> pd.DataFrame:
    """Return a row a trial, the best first: of those that had the most epochs, by score; the failed last.

    Args:
        rows: Of data/search/trials.csv.
        monitor: What scores.
    """
    last = rows.sort_values("epochs", kind="stable").groupby("trial", sort=False).tail(1)
    last = last.assign(merit=merit(last["score"], monitor))
    ordered = last.sort_values(["epochs", "merit", "trial"], ascending=[False, False, True], na_position="last")
    failed = ordered["merit"].isna()
    ordered = pd.concat([ordered[~failed], ordered[failed]], ignore_index=True)
    return ordered.drop(columns="merit").assign(rank=np.arange(1, len(ordered) + 1))


def merit(scores: "pd.Series[float]", monitor: Monitor) -> "pd.Series[float]":
    """Return scores of which the highest is the best."""
    return -scores if monitor in LOWEST_IS_BEST else scores
