"""What the ensemble's probabilities decide on test: thresholds, predictive values, sets, calibration."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.calibration import expected_error, reliability
from dermoscopy.evaluation.intervals import bootstrap_interval
from dermoscopy.evaluation.lesions import Unit
from dermoscopy.evaluation.metrics import confusion
from dermoscopy.evaluation.predictive import predictive_values
from dermoscopy.evaluation.proportions import wilson_interval
from dermoscopy.evaluation.scores import rarer
from dermoscopy.evaluation.sets import SETS, Sets
from dermoscopy.evaluation.weighted import losses
from dermoscopy.tables.parts import LABELS

BOUNDED = ["value", "low", "high"]


def predictive(
    unit: Unit,
    score: NDArray[np.float64],
    thresholds: Mapping[str, float],
    prevalences: Sequence[float],
    confidence: float,
) -> pd.DataFrame:
    """Return predictive values at each operating point and prevalence: rows of `tables.evaluation.PREDICTIVE`.

    Args:
        unit: The lesions of test.
        score: Their probability; shape (lesions,).
        thresholds: Of the operating points.
        prevalences: Shares of malignant lesions.
        confidence: Of the intervals.
    """
    rows = [
        (point, prevalence, metric, *bounded)
        for point, threshold in thresholds.items()
        for prevalence in prevalences
        for metric, bounded in predictive_values(
            confusion(unit.label, score >= threshold), prevalence, confidence
        ).items()
    ]
    return pd.DataFrame(rows, columns=["point", "prevalence", "metric", *BOUNDED])


def sweep(unit: Unit, score: NDArray[np.float64], thresholds: int, confidence: float) -> pd.DataFrame:
    """Return the shares of right calls at every threshold: rows of `tables.evaluation.SWEEP`.

    Args:
        unit: The lesions of test.
        score: Their probability; shape (lesions,).
        thresholds: How many, equally far apart between 0 and 1.
        confidence: Of the intervals.
    """
    rows = []
    for step in range(1, thresholds + 1):
        threshold = step / (thresholds + 1)
        counts = confusion(unit.label, score >= threshold)
        shares = {
            "sensitivity": (counts.tp, counts.tp + counts.fn),
            "specificity": (counts.tn, counts.tn + counts.fp),
            "ppv": (counts.tp, counts.tp + counts.fp),
            "npv": (counts.tn, counts.tn + counts.fn),
            "accuracy": (counts.tp + counts.tn, counts.total),
        }
        for metric, (part, whole) in shares.items():
            rows.append(
                (threshold, metric, part / whole if whole else np.nan, *wilson_interval(part, whole, confidence))
            )
    return pd.DataFrame(rows, columns=["threshold", "metric", *BOUNDED])


def coverage(unit: Unit, score: NDArray[np.float64], sets: Sets, confidence: float) -> pd.DataFrame:
    """Return how the conformal sets fall out: rows of `tables.evaluation.COVERAGE`.

    Args:
        unit: The lesions of test.
        score: Their probability; shape (lesions,).
        sets: Fixed on val.
        confidence: Of the intervals.
    """
    rows = []
    for label, word in enumerate(LABELS):
        of = score[unit.label == label]
        answers, covered = sets.name(of), int(sets.possible(of, label).sum())
        counts = {answer: int((answers == answer).sum()) for answer in SETS}
        share = covered / len(of) if len(of) else np.nan
        bounds = dict(zip(BOUNDED, (share, *wilson_interval(covered, len(of), confidence)), strict=True))
        rows.append({"label": word, "lesions": len(of), **counts, "covered": covered, **bounds})
    return pd.DataFrame(rows)


def calibrated(
    unit: Unit,
    scores: Mapping[str, NDArray[np.float64]],
    bins: int,
    draws: NDArray[np.float64],
    confidence: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return losses and bins of probabilities before and after calibration.

    Args:
        unit: The lesions of test.
        scores: "before" and "after", each of shape (lesions,).
        bins: Of the reliability table.
        draws: How often each lesion is in each draw; shape (resamples, lesions).
        confidence: Of the intervals.

    Returns:
        Rows of `tables.evaluation.CALIBRATION` and of `tables.evaluation.RELIABILITY`.
    """
    rows, tables, once = [], [], np.ones((1, len(unit.label)))
    for name, score in scores.items():
        table = reliability(unit.label, score, bins, confidence)
        tables.append(table.assign(name=name))
        rows.append((name, "ece", expected_error(table), np.nan, np.nan))
        drawn = losses(unit.label, score, draws)
        for metric, (value,) in losses(unit.label, score, once).items():
            bounds = bootstrap_interval(value, drawn[metric], "loss", rarer(unit), confidence)
            rows.append((name, metric, value, *bounds))
    return pd.DataFrame(rows, columns=["name", "metric", *BOUNDED]), pd.concat(tables, ignore_index=True)
