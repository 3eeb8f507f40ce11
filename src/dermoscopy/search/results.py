"""Results of a search: leaderboard, importance, parallel coordinates (Inselberg 1985) and promoted networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.core.files import write_text
from dermoscopy.networks.params import LOWEST_IS_BEST, Monitor
from dermoscopy.search.space import DIMENSIONS, NOT_SEARCHED, Trial
from dermoscopy.search.trial import Record


@dataclass(frozen=True)
class TrialResult:
    """Result of a trial at one rung.

    Attributes:
        trial: The trial.
        epochs: Number of epochs allowed at this rung.
        record: Training record of the trial.
    """

    trial: Trial
    epochs: int
    record: Record

    def row(self, monitor: Monitor) -> dict[str, Any]:
        """Return the row of data/search/trials.csv, without the protocol."""
        chosen = self.record.chosen(self.epochs, monitor)
        scores = ("epoch", "val_loss", "val_accuracy", "val_roc_auc")
        return {
            "trial": self.trial.number,
            "name": self.trial.name,
            **self.trial.configuration,
            "n_weights": self.record.n_weights,
            "epochs": self.epochs,
            **{name: getattr(chosen, name, np.nan) for name in scores},
            "score": getattr(chosen, monitor, np.nan),
            "problem": "" if chosen else self.record.problem,
        }


def trial_rows(trial_results: Sequence[TrialResult], monitor: Monitor, protocol: str) -> pd.DataFrame:
    """Return the rows of data/search/trials.csv.

    Args:
        trial_results: Results of all trials at all rungs.
        monitor: Metric used as score.
        protocol: Title of the split protocol (`core.protocol.protocol_title`).
    """
    return pd.DataFrame([result.row(monitor) for result in trial_results]).assign(protocol=protocol)


def leaderboard(rows: pd.DataFrame, monitor: Monitor) -> pd.DataFrame:
    """Return one row per trial, the best first: by number of epochs, then by score; failed trials last.

    Args:
        rows: Rows of data/search/trials.csv.
        monitor: Metric used as score.
    """
    last = rows.sort_values("epochs", kind="stable").groupby("trial", sort=False).tail(1)
    last = last.assign(merit=merit(last["score"], monitor))
    ordered = last.sort_values(["epochs", "merit", "trial"], ascending=[False, False, True], na_position="last")
    failed = ordered["merit"].isna()
    ordered = pd.concat([ordered[~failed], ordered[failed]], ignore_index=True)
    return ordered.drop(columns="merit").assign(rank=np.arange(1, len(ordered) + 1))


def merit(scores: "pd.Series[float]", monitor: Monitor) -> "pd.Series[float]":
    """Return the scores, negated if lower is better, so that the highest is the best."""
    return -scores if monitor in LOWEST_IS_BEST else scores


def importance(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, for each dimension, the proportion of the variance of the scores that lies between its values.

    This is the correlation ratio of a one-way layout (Pearson 1905, Fisher's eta squared). It looks at a single
    dimension: unlike functional analysis of variance (Hutter, Hoos and Leyton-Brown 2014), it sees no interactions.
    It is never zero: for n trials, a dimension of k values without effect has (k - 1) / (n - 1) on average. Only a
    proportion well above that is evidence of an effect.

    Args:
        rows: Rows of data/search/trials.csv, one per trial, all after the same number of epochs.

    Returns:
        Rows of data/search/importance.csv, without the protocol; empty for fewer than three scores.
    """
    scored = rows.dropna(subset="score")
    score = scored["score"]
    total = float(((score - score.mean()) ** 2).sum())
    dimensions = []
    for name in DIMENSIONS if len(scored) > 2 and total > 0 else ():
        means = score.groupby(scored[name]).transform("mean")
        values = scored[name].nunique()
        dimensions.append(
            {
                "dimension": name,
                "values": values,
                "trials": len(scored),
                "proportion": float(((means - score.mean()) ** 2).sum()) / total,
                "chance": (values - 1) / (len(scored) - 1),
            }
        )
    return pd.DataFrame(dimensions, columns=["dimension", "values", "trials", "proportion", "chance"])


SCORE = "score"


def coordinates(ranked: pd.DataFrame, monitor: Monitor) -> pd.DataFrame:
    """Return the points of each trial's line in the parallel coordinates chart.

    The values of a dimension are evenly spaced on its axis. The last axis is the score.

    Args:
        ranked: Rows of data/search/leaderboard.csv; failed trials have no line.
        monitor: Metric used as score.

    Returns:
        Rows of data/search/coordinates.csv.
    """
    scored = ranked.dropna(subset="score")
    axes = {name: (scored[name].astype(str), _evenly_spaced(scored[name])) for name in DIMENSIONS}
    axes[SCORE] = (scored["score"].map("{:.4f}".format), _scaled(merit(scored["score"], monitor)))
    columns: dict[str, Any] = {name: scored[name] for name in ("trial", "name", "protocol", "rank", "score")}
    points = [
        pd.DataFrame({**columns, "axis": axis, "dimension": name, "value": value, "position": position})
        for axis, (name, (value, position)) in enumerate(axes.items())
    ]
    return pd.concat(points, ignore_index=True)


def _evenly_spaced(values: "pd.Series[Any]") -> "pd.Series[float]":
    distinct = sorted(values.unique())
    positions = dict(zip(distinct, np.linspace(0, 1, len(distinct)), strict=True)) if len(distinct) > 1 else {}
    return values.map(positions).astype(float).fillna(0.5)


def _scaled(values: "pd.Series[float]") -> "pd.Series[float]":
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else values * 0 + 0.5


def promotion(ranked: pd.DataFrame, members: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the parameters that turn members into the best trials.

    Args:
        ranked: Rows of data/search/leaderboard.csv.
        members: Names of the members to replace; the first one becomes the best trial.

    Returns:
        Values of `models.<member>` by member, with those that all trials share. A member keeps its image size and its
        epochs; `check` refuses a network that needs larger images and gives the smallest image size.
    """
    best = ranked.dropna(subset="score").head(len(members))
    return {
        member: {**{name: trial[name] for name in DIMENSIONS}, **NOT_SEARCHED}
        for member, trial in zip(members, best.to_dict("records"), strict=False)
    }


def member_titles(members: Sequence[str]) -> str:
    """Return the titles of members, joined: CNN A and CNN B."""
    return " and ".join(name.replace("_", " ").upper() for name in members)


def write_promotion(values: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Write the promoted values as a profile, atomically.

    Args:
        values: What `promotion` returned.
        path: Path of the YAML file.
    """
    import yaml

    text = yaml.safe_dump({"models": {name: dict(row) for name, row in values.items()}}, sort_keys=False)
    write_text(path, f"# The best trials of the search as {member_titles(list(values))}.\n{text}")
