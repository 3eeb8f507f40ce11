"""Percentile intervals from a bootstrap of lesions.

Photographs of one lesion are no independent evidence, so lesions are drawn and each brings all
its photographs (the cluster bootstrap; Davison and Hinkley, Bootstrap Methods and their
Application, 1997, section 3.8). A draw is kept as the number of times each photograph is in it:
every metric is then a weighted one, and all draws are computed at once.
"""

import math

import numpy as np
from numpy.typing import NDArray


def draw_lesions(
    lesion: NDArray[np.object_], label: NDArray[np.int64], resamples: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw lesions with replacement, within each label, so that no draw lacks one.

    The share of malignant lesions is thereby fixed: intervals speak of other lesions in the same
    proportion. The draws depend on the set of lesions alone, not on how often each was photographed.

    Args:
        lesion: Each photograph's lesion; shape (rows,).
        label: 0 benign, 1 malignant; shape (rows,).
        resamples: How many draws.
        generator: What they come from.

    Returns:
        How often each photograph is in each draw: whole numbers, shape (resamples, rows).
    """
    draws = np.empty((resamples, len(label)))
    for value in np.unique(label):
        rows = label == value
        names, index = np.unique(lesion[rows].astype(str), return_inverse=True)
        times = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
        draws[:, rows] = times[:, index]
    return draws


def resample(
    label: NDArray[np.int64], probability: NDArray[np.float64], threshold: float, draws: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Compute every metric of `metrics.METRICS` in every draw.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        probability: That the lesion is malignant, from 0 to 1; shape (rows,).
        threshold: The probability from which a photograph is called malignant.
        draws: What `draw_lesions` returned; shape (resamples, rows).

    Returns:
        By name, shape (resamples,); NaN where a draw leaves a metric undefined.
    """
    malignant, called = label == 1, probability >= threshold
    groups = np.stack([~malignant & ~called, ~malignant & called, malignant & ~called, malignant & called])
    tn, fp, fn, tp = groups.astype(float) @ draws.T
    tiny = np.finfo(float).eps
    loss = -np.log(np.clip(np.where(malignant, probability, 1 - probability), tiny, 1 - tiny))
    return {
        "accuracy": _ratio(tn + tp, draws.sum(axis=1)),
        "precision": _ratio(tp, fp + tp),
        "recall": _ratio(tp, fn + tp),
        "specificity": _ratio(tn, tn + fp),
        "log_loss": _ratio(draws @ loss, draws.sum(axis=1)),
        "roc_auc": resample_roc_auc(label, probability, draws),
    }


def resample_roc_auc(
    label: NDArray[np.int64], score: NDArray[np.float64], draws: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute the ROC AUC of every draw, from one sort of the scores.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        score: Any number that grows with malignancy; shape (rows,).
        draws: What `draw_lesions` returned; shape (resamples, rows).

    Returns:
        Shape (resamples,); NaN where only one label is present.
    """
    order = np.argsort(score, kind="stable")
    ties = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    malignant = np.add.reduceat(draws[:, order] * (label[order] == 1), ties, axis=1)
    benign = np.add.reduceat(draws[:, order] * (label[order] == 0), ties, axis=1)
    below = np.cumsum(benign, axis=1) - benign / 2
    return _ratio((malignant * below).sum(axis=1), malignant.sum(axis=1) * benign.sum(axis=1))


def percentile_interval(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """Return the bounds that leave equal shares of the draws below and above.

    Args:
        values: A metric in each draw; shape (resamples,). NaNs are left out.
        confidence: The share of draws between the bounds, from 0 to 1.

    Returns:
        Low and high; NaN twice where no draw defines the metric.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)
