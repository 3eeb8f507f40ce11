"""How trials rank.

How much each dimension of the space had to do with the scores.

Trials as lines through the dimensions of the space (parallel coordinates: Inselberg 1985).

The best trials as values of params.yaml, for a person to take or leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.core.files import write_text
from dermoscopy.networks.params import LOWEST_IS_BEST, Monitor
from dermoscopy.search.space import DIMENSIONS, Trial
from dermoscopy.search.trial import Record


@dataclass(frozen=True)
class TrialResult:
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


def table(trial_results: Sequence[TrialResult], monitor: Monitor, protocol: str) -> pd.DataFrame:
    """Return the rows of data/search/trials.csv.

    Args:
        trial_results: All there were.
        monitor: What scores.
        protocol: As `core.splits.protocol_title` returns it.
    """
    return pd.DataFrame([standing.row(monitor) for standing in trial_results]).assign(protocol=protocol)


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


def importance(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, for each dimension, the share of the scores' variance that lies between its values.

    That is the correlation ratio of a one-way layout (Pearson 1905, Fisher's eta squared): alone, it sees
    no interplay of dimensions, as the functional analysis of variance does (Hutter, Hoos and Leyton-Brown
    2014), and it never comes out as zero. A dimension of k values that does nothing has a share of
    (k - 1) / (n - 1) of n trials on average: only what lies well above that tells.

    Args:
        rows: Of data/search/trials.csv, one a trial, all after equally many epochs.

    Returns:
        Rows of data/search/importance.csv, but for the protocol; none of fewer than three scores.
    """
    scored = rows.dropna(subset="score")
    score = scored["score"]
    spread = float(((score - score.mean()) ** 2).sum())
    told = []
    for name in DIMENSIONS if len(scored) > 2 and spread > 0 else ():
        means = score.groupby(scored[name]).transform("mean")
        values = scored[name].nunique()
        told.append(
            {
                "dimension": name,
                "values": values,
                "trials": len(scored),
                "share": float(((means - score.mean()) ** 2).sum()) / spread,
                "chance": (values - 1) / (len(scored) - 1),
            }
        )
    return pd.DataFrame(told, columns=["dimension", "values", "trials", "share", "chance"])


SCORE = "score"


def coordinates(ranked: pd.DataFrame, monitor: Monitor) -> pd.DataFrame:
    """Return the points of each trial's line: evenly spaced values on each axis, the score on the last.

    Args:
        ranked: Rows of data/search/leaderboard.csv; failed trials have no line.
        monitor: What scores.

    Returns:
        Rows of data/search/coordinates.csv.
    """
    scored = ranked.dropna(subset="score")
    axes = {name: (scored[name].astype(str), _even(scored[name])) for name in DIMENSIONS}
    axes[SCORE] = (scored["score"].map("{:.4f}".format), _scaled(merit(scored["score"], monitor)))
    columns: dict[str, Any] = {name: scored[name] for name in ("trial", "name", "protocol", "rank", "score")}
    points = [
        pd.DataFrame({**columns, "place": place, "dimension": name, "value": value, "height": height})
        for place, (name, (value, height)) in enumerate(axes.items())
    ]
    return pd.concat(points, ignore_index=True)


def _even(values: "pd.Series[Any]") -> "pd.Series[float]":
    known = sorted(values.unique())
    heights = dict(zip(known, np.linspace(0, 1, len(known)), strict=True)) if len(known) > 1 else {}
    return values.map(heights).astype(float).fillna(0.5)


def _scaled(values: "pd.Series[float]") -> "pd.Series[float]":
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else values * 0 + 0.5


def promotion(ranked: pd.DataFrame, members: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return for each small member the values that make it one of the best trials.

    Args:
        ranked: Rows of data/search/leaderboard.csv.
        members: Those that are to be replaced.

    Returns:
        Keys of `models.<member>`, the best trial's for the first member. The members keep their images and
        epochs; `check` refuses a network that needs larger images, and says how large.
    """
    best = ranked.dropna(subset="score").head(len(members))
    return {
        member: {name: trial[name] for name in DIMENSIONS}
        for member, trial in zip(members, best.to_dict("records"), strict=False)
    }


def titles(members: Sequence[str]) -> str:
    """Return members as a sentence names them: CNN A and CNN B."""
    return " and ".join(name.replace("_", " ").upper() for name in members)


def write_promotion(values: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Write the values as a profile, leaves of params.yaml that differ; the file appears whole or not at all."""
    import yaml

    text = yaml.safe_dump({"models": {name: dict(row) for name, row in values.items()}}, sort_keys=False)
    write_text(path, f"# The best trials of the search as {titles(list(values))}.\n{text}")
