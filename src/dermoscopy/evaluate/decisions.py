"""The ensemble in splits of the test split: by diagnosis, age, sex, place and way of diagnosis.

What the ensemble's probabilities decide on test: thresholds, predictive values, sets, calibration.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion, ratio
from dermoscopy.core.splits import LABELS
from dermoscopy.ensemble.calibration import expected_error, reliability
from dermoscopy.ensemble.thresholds import SETS, Sets
from dermoscopy.evaluate.scores import bootstrapped, rarer
from dermoscopy.stats.intervals import predictive_values, wilson_interval
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.metrics import METRICS, that_need
from dermoscopy.stats.roc import area_interval, areas

YEARS = 20  # of an age group
COLUMNS = ["by", "group", "images", "lesions", "malignant", "point", "metric", "value", "low", "high"]


def score_groups(
    rows: pd.DataFrame,
    unit: Unit,
    probability: NDArray[np.float64],
    thresholds: Mapping[str, float],
    confidence: float,
) -> pd.DataFrame:
    """Score the ensemble in every group of lesions.

    A lesion's group is its first image's. What a group does not have (the sensitivity of benign
    diagnoses) is left out.

    Args:
        rows: Images of test (`tables.splits`).
        unit: Their lesions.
        probability: The ensemble's, of each image; shape (images,).
        thresholds: Of its operating points.
        confidence: Of the intervals.

    Returns:
        Rows of `tables.evaluation.GROUPS`.
    """
    named = rows[["dx", "dx_type", "sex", "localization"]].assign(age=age_groups(rows["age"]))
    score, images = unit.mean(probability), np.bincount(unit.index)
    found = []
    for by in named:
        groups = named[by].to_numpy(dtype=str)[unit.first]
        groups = np.where(groups == "", "unknown", groups)
        for group in np.unique(groups):
            here = groups == group
            split = Unit(unit.name, unit.label[here], unit.lesion[here], unit.first[here], unit.index)
            counts = (images[here].sum(), here.sum(), split.label.sum())
            measured = _measure(split, score[here], thresholds, confidence)
            found += [(by, group, *counts, *row) for row in measured]
    return pd.DataFrame(found, columns=COLUMNS)


def age_groups(age: "pd.Series[float]") -> "pd.Series[str]":
    """Return ages as groups of years, "40-59", and "unknown" where there is none."""
    first = (age.fillna(0) // YEARS * YEARS).astype(int)
    return (first.astype(str) + "-" + (first + YEARS - 1).astype(str)).where(age.notna(), "unknown")


def _measure(
    split: Unit, score: NDArray[np.float64], thresholds: Mapping[str, float], confidence: float
) -> Iterator[tuple[object, ...]]:
    found = areas(split.label, score[None], split.lesion)
    value = float(found.aucs[0])
    if not np.isnan(value):
        bounds = area_interval(value, float(found.covariance[0, 0]), rarer(split), confidence)
        yield "", "roc_auc", value, *bounds
    for point, threshold in thresholds.items():
        counts = confusion(split.label, score >= threshold)
        for metric in ("sensitivity", "specificity"):
            right, whole = counts.fraction(METRICS[metric].counted)
            if whole:
                yield point, metric, right / whole, *wilson_interval(right, whole, confidence)


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
        for metric in METRICS.values():
            if metric.counted:
                right, whole = counts.fraction(metric.counted)
                bounds = wilson_interval(right, whole, confidence)
                rows.append((threshold, metric.name, ratio(right, whole), *bounds))
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
    rows, tables = [], []
    for name, score in scores.items():
        table = reliability(unit.label, score, bins, confidence)
        tables.append(table.assign(name=name))
        rows.append((name, "ece", expected_error(table), np.nan, np.nan))
        for metric in that_need("probability"):
            rows.append((name, metric.name, *bootstrapped(metric, unit, score, draws, confidence)))
    return pd.DataFrame(rows, columns=["name", "metric", *BOUNDED]), pd.concat(tables, ignore_index=True)
