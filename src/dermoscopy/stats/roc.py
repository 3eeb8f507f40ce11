"""ROC AUCs of several scores on the same rows, with their covariance.

DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more correlated receiver
operating characteristic curves, Biometrics 44 (1988), where rows are independent; Obuchowski,
Nonparametric analysis of clustered ROC curve data, Biometrics 53 (1997), where a lesion has several
rows. The first is the special case of the second with one row per lesion. Placements are computed
from ranks (Sun and Xu, IEEE Signal Processing Letters 21, 2014). Within strata, the ROC AUC is the
covariate-adjusted one of Janes and Pepe, Biometrika 96 (2009), weighted by the pairs of each stratum.
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
        lesions: Number of lesions of the rarer label.
    """

    aucs: NDArray[np.float64]
    covariance: NDArray[np.float64]
    lesions: int


def roc_aucs(
    y_true: NDArray[np.int64],
    y_scores: NDArray[np.float64],
    lesion: NDArray[np.object_],
    stratum: NDArray[np.object_] | None = None,
) -> RocAucs:
    """Return the ROC AUC of each score, and their covariance over samples of lesions.

    With strata, only pairs of rows of the same stratum are compared: the ROC AUC is the proportion of these pairs in
    which the malignant row has the higher score. Rows of strata with one label are in no pair and have no effect. The
    covariance is that of a ratio of two U-statistics, the correct pairs and all pairs.

    Args:
        y_true: Label of each row, 0 benign, 1 malignant; shape (rows,).
        y_scores: Scores that increase with malignancy; shape (scores, rows).
        lesion: Lesion of each row; shape (rows,). Rows of one lesion are not independent.
        stratum: Stratum of each row, such as its camera; shape (rows,). None compares all pairs.
    """
    of: NDArray[np.intp] = np.unique(np.zeros(len(y_true)) if stratum is None else stratum, return_inverse=True)[1]
    counts = np.stack([np.bincount(of[y_true == label], minlength=of.max(initial=0) + 1) for label in (0, 1)])
    compared: NDArray[np.bool_] = np.all(counts > 0, axis=0)[of]
    y_true, y_scores, lesion, of = y_true[compared], y_scores[:, compared], lesion[compared], of[compared]
    if not len(y_true):
        return RocAucs(np.full(len(y_scores), np.nan), np.full((len(y_scores), len(y_scores)), np.nan), 0)

    malignant, benign = y_true == 1, y_true == 0
    n_malignant, n_benign = int(malignant.sum()), int(benign.sum())
    pairs = counts.prod(axis=0) / (n_malignant * n_benign)  # of each stratum, as a proportion of all pairs
    aucs = np.zeros(len(y_scores))
    placement = np.zeros(y_scores.shape)  # proportion of correct pairs among those of a row
    partners = np.zeros(len(y_true))  # proportion of the rows of the other label that are in the row's stratum
    for each in np.flatnonzero(pairs):
        rows = of == each
        placement[:, rows] = _placements(y_true[rows], y_scores[:, rows])
        partners[rows] = np.where(malignant[rows], counts[0, each] / n_benign, counts[1, each] / n_malignant)
        aucs += pairs[each] * np.array([roc_auc(y_true[rows], y_score[rows]) for y_score in y_scores])
    aucs /= pairs.sum()
    influence = (placement - aucs[:, None]) * partners / pairs.sum()

    names, index = np.unique(lesion.astype(str), return_inverse=True)
    of_malignant = _sums(influence[:, malignant], index[malignant], len(names))
    of_benign = _sums(influence[:, benign], index[benign], len(names))
    malignant_lesions, benign_lesions = len(set(index[malignant])), len(set(index[benign]))
    lesions = min(malignant_lesions, benign_lesions)
    if lesions < 2:
        return RocAucs(aucs, np.full((len(y_scores), len(y_scores)), np.nan), lesions)
    crossed = len(names) / (len(names) - 1) * of_malignant @ of_benign.T / (n_malignant * n_benign)
    covariance = (
        malignant_lesions / (malignant_lesions - 1) * of_malignant @ of_malignant.T / n_malignant**2
        + benign_lesions / (benign_lesions - 1) * of_benign @ of_benign.T / n_benign**2
        + crossed
        + crossed.T
    )
    return RocAucs(aucs, covariance, lesions)


def roc_auc_within(y_true: NDArray[np.int64], y_score: NDArray[np.float64], source: NDArray[np.object_]) -> float:
    """Return the ROC AUC of pairs from the same source; NaN if no source has both labels.

    Args:
        y_true: Label of each row, 0 benign, 1 malignant; shape (rows,).
        y_score: Scores that increase with malignancy; shape (rows,).
        source: Source of each row; shape (rows,).
    """
    return float(roc_aucs(y_true, y_score[None], np.arange(len(y_true)).astype(object), source).aucs[0])


def _placements(y_true: NDArray[np.int64], y_scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each row, the proportion of the rows of the other label with which it is in the right order.

    Args:
        y_true: Label of each row, both present; shape (rows,).
        y_scores: Shape (scores, rows). Equal scores count half.
    """
    from scipy.stats import rankdata

    malignant, benign = y_true == 1, y_true == 0
    ranks = rankdata(y_scores, axis=1)
    placements = np.empty(y_scores.shape)
    placements[:, malignant] = (ranks[:, malignant] - rankdata(y_scores[:, malignant], axis=1)) / benign.sum()
    placements[:, benign] = 1 - (ranks[:, benign] - rankdata(y_scores[:, benign], axis=1)) / malignant.sum()
    return placements


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
