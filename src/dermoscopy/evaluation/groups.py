"""The ensemble in parts of the test part: by diagnosis, age, sex, place and way of diagnosis."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.areas import area_interval, areas
from dermoscopy.evaluation.lesions import Unit
from dermoscopy.evaluation.proportions import wilson_interval
from dermoscopy.evaluation.scores import rarer

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

    A lesion's group is its first photograph's. What a group does not have (the sensitivity of benign
    diagnoses) is left out.

    Args:
        rows: Photographs of test (`tables.parts`).
        unit: Their lesions.
        probability: The ensemble's, of each photograph; shape (photographs,).
        thresholds: Of its operating points.
        confidence: Of the intervals.

    Returns:
        Rows of `tables.evaluation.GROUPS`.
    """
    named = rows[["dx", "dx_type", "sex", "localization"]].assign(age=age_groups(rows["age"]))
    score, photographs = unit.mean(probability), np.bincount(unit.index)
    found = []
    for by in named:
        groups = named[by].to_numpy(dtype=str)[unit.first]
        groups = np.where(groups == "", "unknown", groups)
        for group in np.unique(groups):
            here = groups == group
            part = Unit(unit.name, unit.label[here], unit.lesion[here], unit.first[here], unit.index)
            counts = (photographs[here].sum(), here.sum(), part.label.sum())
            measured = _measure(part, score[here], thresholds, confidence)
            found += [(by, group, *counts, *row) for row in measured]
    return pd.DataFrame(found, columns=COLUMNS)


def age_groups(age: "pd.Series[float]") -> "pd.Series[str]":
    """Return ages as groups of years, "40-59", and "unknown" where there is none."""
    first = (age.fillna(0) // YEARS * YEARS).astype(int)
    return (first.astype(str) + "-" + (first + YEARS - 1).astype(str)).where(age.notna(), "unknown")


def _measure(
    part: Unit, score: NDArray[np.float64], thresholds: Mapping[str, float], confidence: float
) -> Iterator[tuple[object, ...]]:
    found = areas(part.label, score[None], part.lesion)
    value = float(found.aucs[0])
    if not np.isnan(value):
        bounds = area_interval(value, float(found.covariance[0, 0]), rarer(part), confidence)
        yield "", "roc_auc", value, *bounds
    for point, threshold in thresholds.items():
        right = (score >= threshold) == (part.label == 1)
        for metric, counted in (("sensitivity", part.label == 1), ("specificity", part.label == 0)):
            whole, good = int(counted.sum()), int(right[counted].sum())
            if whole:
                yield point, metric, good / whole, *wilson_interval(good, whole, confidence)
