"""ROC AUCs of several scores on the same rows, and how they vary together.

DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more correlated receiver
operating characteristic curves, Biometrics 44 (1988), where rows are independent; Obuchowski,
Nonparametric analysis of clustered ROC curve data, Biometrics 53 (1997), where several rows are
of one lesion. The first is the second with a lesion a row. Placements are computed from ranks
(Sun and Xu, IEEE Signal Processing Letters 21, 2014).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import roc_auc
from dermoscopy.stats.intervals import wilson_interval


@dataclass(frozen=True)
class Areas:
    """ROC AUCs with their covariance.

    Attributes:
        aucs: Shape (scores,); NaN where only one label is present.
        covariance: Shape (scores, scores); NaN where a label has fewer than two lesions.
    """

    aucs: NDArray[np.float64]
    covariance: NDArray[np.float64]


def areas(label: NDArray[np.int64], scores: NDArray[np.float64], lesion: NDArray[np.object_]) -> Areas:
    """Compute the ROC AUC of each score, and their covariance over other draws of lesions.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        scores: Numbers that grow with malignancy; shape (scores, rows).
        lesion: Each row's lesion; shape (rows,). Rows of one lesion are not independent.
    """
    from scipy.stats import rankdata

    malignant, benign = label == 1, label == 0
    count, others = int(malignant.sum()), int(benign.sum())
    if not count or not others:
        return Areas(np.full(len(scores), np.nan), np.full((len(scores), len(scores)), np.nan))
    among_all = rankdata(scores, axis=1)
    above = (among_all[:, malignant] - rankdata(scores[:, malignant], axis=1)) / others
    below = 1 - (among_all[:, benign] - rankdata(scores[:, benign], axis=1)) / count
    aucs = np.array([roc_auc(label, score) for score in scores])

    names, index = np.unique(lesion.astype(str), return_inverse=True)
    of_malignant = _sums(above - aucs[:, None], index[malignant], len(names))
    of_benign = _sums(below - aucs[:, None], index[benign], len(names))
    first, second = len(set(index[malignant])), len(set(index[benign]))
    if min(first, second) < 2:
        return Areas(aucs, np.full((len(scores), len(scores)), np.nan))
    crossed = len(names) / (len(names) - 1) * of_malignant @ of_benign.T / (count * others)
    covariance = (
        first / (first - 1) * of_malignant @ of_malignant.T / count**2
        + second / (second - 1) * of_benign @ of_benign.T / others**2
        + crossed
        + crossed.T
    )
    return Areas(aucs, covariance)


def area_interval(value: float, variance: float, lesions: int, confidence: float) -> tuple[float, float]:
    """Return an interval of a ROC AUC, symmetric in its log-odds, so that it stays within 0 to 1.

    Args:
        value: The ROC AUC.
        variance: Of it.
        lesions: Of the rarer label, at least two where there is a variance; Student's quantile with one
            less is taken for the normal one.
        confidence: How often such an interval holds the truth, from 0 to 1.

    Returns:
        Low and high; NaN twice where there is no variance. Labels told apart without a mistake vary in
        no draw: there the lesions of the rarer label count, as trials that all succeeded.
    """
    from scipy.special import expit, logit, stdtrit

    if math.isnan(variance):
        return math.nan, math.nan
    if not 0 < value < 1:
        return wilson_interval(round(value) * lesions, lesions, confidence)
    half = stdtrit(lesions - 1, (1 + confidence) / 2) * math.sqrt(max(variance, 0.0)) / (value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def _sums(values: NDArray[np.float64], index: NDArray[np.intp], groups: int) -> NDArray[np.float64]:
    """Return each group's sum along the last axis; shape (scores, groups)."""
    return np.stack([np.bincount(index, row, minlength=groups) for row in values])
