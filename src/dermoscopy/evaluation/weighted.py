"""Every metric of rows that count as often as their weights say.

A row of weights is a draw of a bootstrap, or ones for the figure itself: both come from the same
lines. What is undefined, as the predictive value of a call nobody made, is NaN.
"""

import numpy as np
from numpy.typing import NDArray

Values = dict[str, NDArray[np.float64]]

CALLS = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "balanced_accuracy", "f1", "mcc")
RANKS = ("roc_auc", "average_precision")
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


def ranks(label: NDArray[np.int64], score: NDArray[np.float64], weights: NDArray[np.float64]) -> Values:
    """Return the metrics of the order alone, by the names of `RANKS`, from one sort.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        score: Any number that grows with malignancy; shape (rows,).
        weights: How often each row counts, in each draw; shape (draws, rows).

    Returns:
        Each of shape (draws,). Ties count half in `roc_auc` and stand at one threshold in
        `average_precision`, the sum over thresholds of precision times the gain in sensitivity.
    """
    order = np.argsort(-score, kind="stable")
    ties = np.flatnonzero(np.diff(score[order], prepend=np.inf))
    found = np.add.reduceat(weights[:, order] * (label[order] == 1), ties, axis=1)
    alarms = np.add.reduceat(weights[:, order] * (label[order] == 0), ties, axis=1)
    malignant, benign = found.sum(axis=1), alarms.sum(axis=1)
    found_so_far, alarms_so_far = found.cumsum(axis=1), alarms.cumsum(axis=1)
    above = (alarms * (found_so_far - found / 2)).sum(axis=1)
    precision = ratio(found_so_far, found_so_far + alarms_so_far, undefined=0.0)
    return {
        "roc_auc": ratio(above, malignant * benign),
        "average_precision": ratio((found * precision).sum(axis=1), malignant),
    }


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
