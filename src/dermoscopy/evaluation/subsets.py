"""Every subset of the members in every way, on test."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.areas import area_interval, areas
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
        drawn, (value,) = calls(unit.label, called, draws)["accuracy"], calls(unit.label, called, once)["accuracy"]
        bounded["accuracy"] = (value, *bootstrap_interval(value, drawn, "share", few, confidence))
        drawn, (value,) = (losses(unit.label, scores[place], weights)["log_loss"] for weights in (draws, once))
        bounded["log_loss"] = (value, *bootstrap_interval(value, drawn, "loss", few, confidence))
        rows += [(len(combiner.members), members, method, metric, *values) for metric, values in bounded.items()]
    return pd.DataFrame(rows, columns=["size", "members", "method", "metric", "value", "low", "high"])
