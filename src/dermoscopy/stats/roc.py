"""ROC AUCs of several scores on the same rows, with their covariance.

DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more correlated receiver
operating characteristic curves, Biometrics 44 (1988), where rows are independent; Obuchowski,
Nonparametric analysis of clustered ROC curve data, Biometrics 53 (1997), where a lesion has several
rows. The first is the special case of the second with one row per lesion. Placements are computed
from ranks (Sun and Xu, IEEE Signal Processing Letters 21, 2014).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import roc_auc
from dermoscopy.stats.intervals import wilson_interval


@dataclass(frozen=True)
class RocAucs:
    """ROC AUCs with their covariance.

    Attributes:
        aucs: ROC AUC of each score; shape (scores,); NaN if only one label is present.
        covariance: Shape (scores, scores); NaN if a label has fewer than two lesions.
    """

    aucs: NDArray[np.float64]
    covariance: NDArray[np.float64]


def roc_aucs(y_true: NDArray[np.int64], y_scores: NDArray[np.float64], lesion: NDArray[np.object_]) -> RocAucs:
    """Return the ROC AUC of each score, and their covariance over samples of lesions.

    Args:
        y_true: Label of each row, 0 benign, 1 malignant; shape (rows,).
        y_scores: Scores that increase with malignancy; shape (scores, rows).
        lesion: Lesion of each row; shape (rows,). Rows of one lesion are not independent.
    """
    from scipy.stats import rankdata

    malignant, benign = y_true == 1, y_true == 0
    n_malignant, n_benign = int(malignant.sum()), int(benign.sum())
    if not n_malignant or not n_benign:
        return RocAucs(np.full(len(y_scores), np.nan), np.full((len(y_scores), len(y_scores)), np.nan))
    ranks = rankdata(y_scores, axis=1)
    above = (ranks[:, malignant] - rankdata(y_scores[:, malignant], axis=1)) / n_benign
    below = 1 - (ranks[:, benign] - rankdata(y_scores[:, benign], axis=1)) / n_malignant
    aucs = np.array([roc_auc(y_true, y_score) for y_score in y_scores])

    names, index = np.unique(lesion.astype(str), return_inverse=True)
    of_malignant = _sums(above - aucs[:, None], index[malignant], len(names))
    of_benign = _sums(below - aucs[:, None], index[benign], len(names))
    malignant_lesions, benign_lesions = len(set(index[malignant])), len(set(index[benign]))
    if min(malignant_lesions, benign_lesions) < 2:
        return RocAucs(aucs, np.full((len(y_scores), len(y_scores)), np.nan))
    crossed = len(names) / (len(names) - 1) * of_malignant @ of_benign.T / (n_malignant * n_benign)
    covariance = (
        malignant_lesions / (malignant_lesions - 1) * of_malignant @ of_malignant.T / n_malignant**2
        + benign_lesions / (benign_lesions - 1) * of_benign @ of_benign.T / n_benign**2
        + crossed
        + crossed.T
    )
    return RocAucs(aucs, covariance)


def roc_auc_interval(value: float, variance: float, lesions: int, confidence: float) -> tuple[float, float]:
    """Return an interval of a ROC AUC, symmetric on the logit scale, so that it stays within 0 and 1.

    Without a single misranked pair the variance is 0. Wilson's interval with the number of lesions of
    the rarer label as trials is returned there.

    Args:
        value: The ROC AUC.
        variance: Variance of the ROC AUC.
        lesions: Number of lesions of the rarer label, at least two if there is a variance. Student's
            quantile has one degree of freedom less.
        confidence: Confidence level, from 0 to 1.

    Returns:
        Low and high; (nan, nan) if the variance is undefined.
    """
    from scipy.special import expit, logit, stdtrit

    if math.isnan(variance):
        return math.nan, math.nan
    if not 0 < value < 1:
        return wilson_interval(round(value) * lesions, lesions, confidence)
    half = stdtrit(lesions - 1, (1 + confidence) / 2) * math.sqrt(max(variance, 0.0)) / (value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def _sums(values: NDArray[np.float64], index: NDArray[np.intp], groups: int) -> NDArray[np.float64]:
    """Return the sum of each group along the last axis; shape (scores, groups)."""
    return np.stack([np.bincount(index, row, minlength=groups) for row in values])
