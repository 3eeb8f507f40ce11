"""Tables of the ensemble's decisions on test.

Subgroups, predictive values by prevalence, thresholds and conformal sets, all by lesion.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion
from dermoscopy.core.sources import sources
from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import DATASET, UNKNOWN
from dermoscopy.ensemble.thresholds import DECISIONS, ConformalSets
from dermoscopy.evaluate.tables import BOUNDED, GROUPS, PREDICTIVE, SWEEP
from dermoscopy.stats.intervals import predictive_values, wilson_interval
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.metrics import METRICS
from dermoscopy.stats.roc import roc_auc_interval, roc_aucs

YEARS = 20  # width of an age group


def score_groups(
    rows: pd.DataFrame,
    lesions: Unit,
    y_prob: NDArray[np.float64],
    thresholds: Mapping[str, float],
    confidence: float,
) -> pd.DataFrame:
    """Evaluate the ensemble in subgroups of diagnosis, age, sex, site, method of diagnosis and source.

    A lesion is in the group of its first image. Undefined metrics, such as the sensitivity of a benign
    diagnosis, are left out.

    Args:
        rows: Images of test, rows of `core.splits.SPLIT`.
        lesions: Lesions of test.
        y_prob: Probability of the ensemble for each image; shape (images,).
        thresholds: Operating points with their thresholds.
        confidence: Confidence level of the intervals, from 0 to 1.

    Returns:
        Rows of `evaluate.tables.GROUPS`.
    """
    columns = rows[["dx", "dx_type", "sex", "localization"]].assign(age=age_groups(rows["age"]))
    if sources(rows) is not None:
        columns[DATASET] = rows[DATASET]
    score, images = lesions.mean(y_prob), np.bincount(lesions.index)
    found = []
    for by in columns:
        groups = columns[by].to_numpy(dtype=str)[lesions.first]
        groups = np.where(groups == "", UNKNOWN, groups)
        for group in np.unique(groups):
            inside = groups == group
            subgroup = Unit(
                lesions.name, lesions.label[inside], lesions.lesion[inside], lesions.first[inside], lesions.index
            )
            counts = (images[inside].sum(), inside.sum(), subgroup.label.sum())
            metrics = _group_metrics(subgroup, score[inside], thresholds, confidence)
            found += [(by, group, *counts, *row) for row in metrics]
    return pd.DataFrame(found, columns=list(GROUPS.columns))


def age_groups(age: "pd.Series[float]") -> "pd.Series[str]":
    """Return ages as groups of years, such as "40-59"; missing ages are "unknown"."""
    first = (age.fillna(0) // YEARS * YEARS).astype(int)
    return (first.astype(str) + "-" + (first + YEARS - 1).astype(str)).where(age.notna(), UNKNOWN)


def _group_metrics(
    group: Unit, score: NDArray[np.float64], thresholds: Mapping[str, float], confidence: float
) -> Iterator[tuple[object, ...]]:
    roc = roc_aucs(group.label, score[None], group.lesion)
    value = float(roc.aucs[0])
    if not np.isnan(value):
        bounds = roc_auc_interval(value, float(roc.covariance[0, 0]), roc.lesions, confidence)
        yield "", "roc_auc", value, *bounds
    for point, threshold in thresholds.items():
        counts = confusion(group.label, score >= threshold)
        for metric in ("sensitivity", "specificity"):
            correct, total = counts.fraction(METRICS[metric].counted)
            if total:
                yield point, metric, correct / total, *wilson_interval(correct, total, confidence)


def predictive_rows(
    lesions: Unit,
    score: NDArray[np.float64],
    thresholds: Mapping[str, float],
    prevalences: Sequence[float],
    confidence: float,
) -> pd.DataFrame:
    """Return predictive values at each operating point and prevalence, rows of `evaluate.tables.PREDICTIVE`.

    Args:
        lesions: Lesions of test.
        score: Probability of each lesion; shape (lesions,).
        thresholds: Operating points with their thresholds.
        prevalences: Proportions of malignant lesions.
        confidence: Confidence level of the intervals, from 0 to 1.
    """
    rows = [
        (point, prevalence, metric, *bounded)
        for point, threshold in thresholds.items()
        for prevalence in prevalences
        for metric, bounded in predictive_values(
            confusion(lesions.label, score >= threshold), prevalence, confidence
        ).items()
    ]
    return pd.DataFrame(rows, columns=list(PREDICTIVE.columns))


def sweep_rows(lesions: Unit, score: NDArray[np.float64], n_thresholds: int, confidence: float) -> pd.DataFrame:
    """Return the metrics that are proportions at evenly spaced thresholds, rows of `evaluate.tables.SWEEP`.

    Args:
        lesions: Lesions of test.
        score: Probability of each lesion; shape (lesions,).
        n_thresholds: Number of thresholds, evenly spaced between 0 and 1.
        confidence: Confidence level of the intervals, from 0 to 1.
    """
    rows = []
    for step in range(1, n_thresholds + 1):
        threshold = step / (n_thresholds + 1)
        y_pred = score >= threshold
        for metric in METRICS.values():
            if metric.counted:
                value = metric.function(lesions.label, y_pred)
                total = int(metric.counted_rows(lesions.label, y_pred).sum())
                count = float(np.rint(value * total))
                rows.append((threshold, metric.name, value, *wilson_interval(count, total, confidence)))
    return pd.DataFrame(rows, columns=list(SWEEP.columns))


def coverage_rows(lesions: Unit, score: NDArray[np.float64], sets: ConformalSets, confidence: float) -> pd.DataFrame:
    """Return decisions and coverage of the conformal sets by label, rows of `evaluate.tables.COVERAGE`.

    Args:
        lesions: Lesions of test.
        score: Probability of each lesion; shape (lesions,).
        sets: Conformal sets fitted on val.
        confidence: Confidence level of the intervals, from 0 to 1.
    """
    rows = []
    for label, name in enumerate(LABELS):
        of_label = score[lesions.label == label]
        decisions, covered = sets.decide(of_label), int(sets.contains(of_label, label).sum())
        counts = {decision: int((decisions == decision).sum()) for decision in DECISIONS}
        proportion = covered / len(of_label) if len(of_label) else np.nan
        bounds = dict(zip(BOUNDED, (proportion, *wilson_interval(covered, len(of_label), confidence)), strict=True))
        rows.append({"label": name, "lesions": len(of_label), **counts, "covered": covered, **bounds})
    return pd.DataFrame(rows)
