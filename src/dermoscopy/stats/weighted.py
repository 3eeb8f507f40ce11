"""Every metric of rows that count as often as their weights say.

A row of weights is a draw of a bootstrap, or ones for the figure itself: both come from the same
lines. What is undefined, as the predictive value of a call nobody made, is NaN.
"""

import numpy as np
from numpy.typing import NDArray

Values = dict[str, NDArray[np.float64]]

CALLS = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "balanced_accuracy", "f1", "mcc")
LOSSES = ("log_loss", "brier")


def calls(label: NDArray[np.int64], called: NDArray[np.bool_], weights: NDArray[np.float64]) -> Values:
    """Return the metrics of calls, by the names of `CALLS`.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        called: True where called malignant; shape (rows,).
        weights: How often each row counts, in each draw; shape (draws, rows).

    Returns:
        Each of shape (draws,). `ppv` is precision, `mcc` is Matthews' correlation.
    """
    malignant = label == 1
    groups = np.stack([~malignant & ~called, ~malignant & called, malignant & ~called, malignant & called])
    tn, fp, fn, tp = groups.astype(float) @ weights.T
    sensitivity, specificity = ratio(tp, tp + fn), ratio(tn, tn + fp)
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": ratio(tp, tp + fp),
        "npv": ratio(tn, tn + fn),
        "accuracy": ratio(tn + tp, tn + fp + fn + tp),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "mcc": ratio(tp * tn - fp * fn, np.sqrt(margins)),
    }


def roc_auc(label: NDArray[np.int64], score: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance that a malignant row scores above a benign one; ties count half.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        score: Any number that grows with malignancy; shape (rows,).
        weights: How often each row counts, in each draw; shape (draws, rows).

    Returns:
        Shape (draws,).
    """
    found, everyone = _descending(label, score, weights)
    alarms = everyone - found
    above = (alarms * (found.cumsum(axis=1) - found / 2)).sum(axis=1)
    return ratio(above, found.sum(axis=1) * alarms.sum(axis=1))


def average_precision(
    label: NDArray[np.int64], score: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sum over thresholds of precision times the gain in sensitivity; ties stand at one threshold.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        score: Any number that grows with malignancy; shape (rows,).
        weights: How often each row counts, in each draw; shape (draws, rows).

    Returns:
        Shape (draws,).
    """
    found, everyone = _descending(label, score, weights)
    precision = ratio(found.cumsum(axis=1), everyone.cumsum(axis=1), undefined=0.0)
    return ratio(np.einsum("dr,dr->d", found, precision), found.sum(axis=1))


def _descending(
    label: NDArray[np.int64], score: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weight of the malignant and of all rows at each score, the highest first; shape (draws, scores)."""
    order = np.argsort(-score, kind="stable")
    everyone = weights.take(order, axis=1)
    found = everyone * (label[order] == 1)
    starts = np.flatnonzero(np.diff(score[order], prepend=np.inf))
    if len(starts) < len(score):
        found, everyone = (np.add.reduceat(each, starts, axis=1) for each in (found, everyone))
    return found, everyone


def losses(label: NDArray[np.int64], probability: NDArray[np.float64], weights: NDArray[np.float64]) -> Values:
    """Return the mean losses of probabilities, by the names of `LOSSES`.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        probability: That the lesion is malignant, from 0 to 1; shape (rows,).
        weights: How often each row counts, in each draw; shape (draws, rows).

    Returns:
        Each of shape (draws,): `log_loss` in nats, `brier` from 0 to 1.
    """
    each = row_losses(label, probability)
    return {name: ratio(weights @ loss, weights.sum(axis=1)) for name, loss in each.items()}


def row_losses(label: NDArray[np.int64], probability: NDArray[np.float64]) -> Values:
    """Return each row's losses, by the names of `LOSSES`; shape (rows,).

    A probability of exactly 0 or 1 counts as the nearest one in between that a float64 can hold.
    """
    tiny = np.finfo(float).eps
    given = np.clip(np.where(label == 1, probability, 1 - probability), tiny, 1 - tiny)
    return {"log_loss": -np.log(given), "brier": (probability - label) ** 2}


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64], undefined: float = np.nan) -> NDArray[np.float64]:
    """Divide, with `undefined` where the whole is nothing."""
    divided: NDArray[np.float64] = np.divide(part, whole, out=np.full(whole.shape, undefined), where=whole > 0)
    return divided
