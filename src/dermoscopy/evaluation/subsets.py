"""Every subset of the members in every way, on test; and the ensemble that grows member by member."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.areas import area_interval, areas
from dermoscopy.evaluation.combiners import ALONE, METHODS
from dermoscopy.evaluation.intervals import bootstrap_interval
from dermoscopy.evaluation.lesions import Unit
from dermoscopy.evaluation.records import read_candidates
from dermoscopy.evaluation.scores import rarer
from dermoscopy.evaluation.weighted import calls, losses


def score_subsets(
    unit: Unit, probabilities: pd.DataFrame, folder: Path, draws: NDArray[np.float64], confidence: float
) -> pd.DataFrame:
    """Score every subset in every way as val has fitted it, at the calibrated threshold of `half`.

    Args:
        unit: The photographs of test.
        probabilities: Rows by members.
        folder: data/ensemble.
        draws: How often each photograph is in each draw; shape (resamples, rows).
        confidence: Of the intervals.

    Returns:
        Rows of `tables.evaluation.SUBSETS`.
    """
    fitted = read_candidates(folder)
    scores = np.stack([calibration.apply(combiner.combine(probabilities)) for combiner, calibration in fitted.values()])
    found = areas(unit.label, scores, unit.lesion)
    once, few, rows = np.ones((1, len(unit.label))), rarer(unit), []
    for place, ((members, method), (combiner, calibration)) in enumerate(fitted.items()):
        called = scores[place] >= calibration.apply(np.array(combiner.cut))
        value = float(found.aucs[place])
        bounded = {"roc_auc": (value, *area_interval(value, found.covariance[place, place], few, confidence))}
        for metric, function, given in (("accuracy", calls, called), ("log_loss", losses, scores[place])):
            value, drawn = (
                float(function(unit.label, given, once)[metric][0]),
                function(unit.label, given, draws)[metric],
            )
            scale = "share" if metric == "accuracy" else "loss"
            bounded[metric] = (value, *bootstrap_interval(value, drawn, scale, few, confidence))
        rows += [(len(combiner.members), members, method, metric, *values) for metric, values in bounded.items()]
    return pd.DataFrame(rows, columns=["size", "members", "method", "metric", "value", "low", "high"])


def grow(candidates: pd.DataFrame, subsets: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the ensemble with every added member, the most accurate on val first, with and without that first.

    Args:
        candidates: Rows of `tables.ensemble.CANDIDATES`.
        subsets: Rows of `tables.evaluation.SUBSETS`.
        protocol: How the parts were drawn.

    Returns:
        Rows of `tables.charts.GROWING`.
    """
    members = max(candidates["members"], key=lambda joined: joined.count("+")).split("+")
    alone = candidates[candidates["method"] == ALONE].set_index("members")["accuracy"]
    order = sorted(members, key=lambda member: -alone[member])
    on_val = candidates.set_index(["members", "method"])
    on_test = subsets.set_index(["members", "method", "metric"])[["value", "low", "high"]]

    def one(order: Sequence[str], size: int, method: str) -> Iterator[dict[str, object]]:
        key = ("+".join(member for member in members if member in order[:size]), method if size > 1 else ALONE)
        told = {"protocol": protocol, "start": order[0], "size": size, "added": order[size - 1], "method": method}
        val, accuracy = on_val.loc[key], on_test.loc[(*key, "accuracy")]
        yield told | {
            "part": "val",
            "accuracy": val["accuracy"],
            "low": np.nan,
            "high": np.nan,
            "roc_auc": val["roc_auc"],
        }
        yield told | {
            "part": "test",
            "accuracy": accuracy["value"],
            "low": accuracy["low"],
            "high": accuracy["high"],
            "roc_auc": on_test.loc[(*key, "roc_auc"), "value"],
        }

    starts = [order, order[1:]] if len(order) > 1 else [order]
    return pd.DataFrame(
        [
            row
            for grown in starts
            for size in range(1, len(grown) + 1)
            for method in METHODS
            for row in one(grown, size, method)
        ]
    )
