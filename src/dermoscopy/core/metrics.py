"""Metrics of binary classification; malignant is the positive class.

Functions take y_true, y_score (or y_prob, y_pred) and sample_weight as scikit-learn's do: y_true is 0
benign, 1 malignant; y_score is any number that increases with malignancy, y_prob a probability from 0 to
1, y_pred is True where predicted malignant; each of shape (rows,). Without sample_weight every row counts
once. A sample_weight of shape (resamples, rows) holds how often each row is in each bootstrap resample;
the result then has shape (resamples,). Undefined values are NaN, such as the PPV without a positive prediction.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Predictions = NDArray[np.bool_]
Floats = NDArray[np.float64]
Value = Any  # a float, or shape (resamples,) where sample_weight has shape (resamples, rows)

# The cells of a confusion matrix: true and false negatives and positives.
Cell = Literal["tn", "fp", "fn", "tp"]
MALIGNANT: tuple[Cell, ...] = ("tp", "fn")
BENIGN: tuple[Cell, ...] = ("tn", "fp")
PREDICTED_MALIGNANT: tuple[Cell, ...] = ("tp", "fp")
PREDICTED_BENIGN: tuple[Cell, ...] = ("tn", "fn")
ALL: tuple[Cell, ...] = ("tn", "fp", "fn", "tp")


@dataclass(frozen=True)
class Confusion:
    """Confusion matrix: rows counted by label and prediction.

    Args:
        tn: Number of true negatives (benign, predicted benign).
        fp: Number of false positives (benign, predicted malignant).
        fn: Number of false negatives (malignant, predicted benign).
        tp: Number of true positives (malignant, predicted malignant).
    """

    tn: Value
    fp: Value
    fn: Value
    tp: Value

    def fraction(self, cells: tuple[Cell, ...]) -> tuple[Value, Value]:
        """Return the number of correct predictions in these cells, and the number of rows in them."""
        correct = sum(getattr(self, cell) for cell in cells if cell in ("tn", "tp"))
        return correct, sum(getattr(self, cell) for cell in cells)

    @property
    def total(self) -> Value:
        """Number of rows."""
        return self.fraction(ALL)[1]

    @property
    def accuracy(self) -> Value:
        """Proportion of correct predictions."""
        return ratio(*self.fraction(ALL))

    @property
    def sensitivity(self) -> Value:
        """Proportion of malignant rows that are predicted malignant (recall)."""
        return ratio(*self.fraction(MALIGNANT))

    @property
    def specificity(self) -> Value:
        """Proportion of benign rows that are predicted benign."""
        return ratio(*self.fraction(BENIGN))

    @property
    def false_positive_rate(self) -> Value:
        """Proportion of benign rows that are predicted malignant (1 - specificity)."""
        return ratio(self.fp, self.tn + self.fp)

    @property
    def ppv(self) -> Value:
        """Proportion of malignant rows among those predicted malignant (precision)."""
        return ratio(*self.fraction(PREDICTED_MALIGNANT))

    @property
    def npv(self) -> Value:
        """Proportion of benign rows among those predicted benign."""
        return ratio(*self.fraction(PREDICTED_BENIGN))

    @property
    def balanced_accuracy(self) -> Value:
        """Mean of sensitivity and specificity."""
        return (self.sensitivity + self.specificity) / 2

    @property
    def f1(self) -> Value:
        """Harmonic mean of PPV and sensitivity."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def mcc(self) -> Value:
        """Matthews correlation coefficient of label and prediction."""
        margins = 1.0 * (self.tp + self.fp) * (self.tp + self.fn) * (self.tn + self.fp) * (self.tn + self.fn)
        return ratio(self.tp * self.tn - self.fp * self.fn, np.sqrt(margins))


def confusion(y_true: Labels, y_pred: Predictions, sample_weight: Floats | None = None) -> Confusion:
    """Return the confusion matrix: integer counts, or sums of weights if there are any."""
    cells = np.stack([in_cells(y_true, y_pred, (cell,)) for cell in ALL])
    if sample_weight is None:
        return Confusion(*map(int, cells.sum(axis=1)))
    return Confusion(*(cells.astype(float) @ sample_weight.T))


def in_cells(y_true: Labels, y_pred: Predictions, cells: tuple[Cell, ...]) -> NDArray[np.bool_]:
    """Return whether each row is in one of these cells; shape (rows,)."""
    malignant, inside = y_true == 1, np.zeros(len(y_true), dtype=bool)
    for cell in cells:
        label = malignant if cell in MALIGNANT else ~malignant
        inside |= label & (y_pred if cell in PREDICTED_MALIGNANT else ~y_pred)
    return inside


def roc_auc(y_true: Labels, y_score: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the probability that a malignant row scores higher than a benign one; ties count half.

    Exact up to the last division: whole and half pairs are counted.
    """
    malignant, total = _descending(y_true, y_score, sample_weight)
    benign = total - malignant
    above = (benign * (malignant.cumsum(axis=-1) - malignant / 2)).sum(axis=-1)
    return ratio(above, malignant.sum(axis=-1) * benign.sum(axis=-1))


def average_precision(y_true: Labels, y_score: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the sum over thresholds of precision times the gain in sensitivity; tied scores share a threshold."""
    malignant, total = _descending(y_true, y_score, sample_weight)
    precision = ratio(malignant.cumsum(axis=-1), total.cumsum(axis=-1), undefined=0.0)
    return ratio(np.einsum("...r,...r->...", malignant, precision), malignant.sum(axis=-1))


def _descending(y_true: Labels, y_score: Floats, sample_weight: Floats | None) -> tuple[Floats, Floats]:
    """Return the weights of malignant and of all rows at each distinct score, descending; shape (..., scores)."""
    order = np.argsort(-y_score, kind="stable")
    weights = np.ones(len(y_true)) if sample_weight is None else sample_weight
    total = weights.take(order, axis=-1)
    malignant = total * (y_true[order] == 1)
    starts = np.flatnonzero(np.diff(y_score[order], prepend=np.inf))
    if len(starts) < len(y_score):
        malignant, total = (np.add.reduceat(each, starts, axis=-1) for each in (malignant, total))
    return malignant, total


def roc_curve(y_true: Labels, y_score: Floats) -> tuple[Floats, Floats]:
    """Return false positive rate and sensitivity at the corners of the ROC curve, from (0, 0) to (1, 1).

    Both arrays are empty if only one label is present.
    """
    from sklearn.metrics import roc_curve as sklearn_roc_curve

    if not ((y_true == 0).any() and (y_true == 1).any()):
        return np.empty(0), np.empty(0)
    fpr, tpr, _ = sklearn_roc_curve(y_true, y_score)
    return fpr, tpr


def log_losses(y_true: Labels, y_prob: Floats) -> Floats:
    """Return the negative log-likelihood of each row's label, in nats; shape (rows,).

    Probabilities are clipped to float64's epsilon and one minus it: a wrong probability of 0 or 1
    costs 36 nats instead of infinitely many.
    """
    tiny = np.finfo(float).eps
    losses: Floats = -np.log(np.clip(np.where(y_true == 1, y_prob, 1 - y_prob), tiny, 1 - tiny))
    return losses


def brier_losses(y_true: Labels, y_prob: Floats) -> Floats:
    """Return the squared difference of each row's probability and label; shape (rows,)."""
    losses: Floats = (y_prob - y_true) ** 2
    return losses


def log_loss(y_true: Labels, y_prob: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the mean of `log_losses` (log loss)."""
    return mean(log_losses(y_true, y_prob), sample_weight)


def brier(y_true: Labels, y_prob: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the mean of `brier_losses` (Brier score)."""
    return mean(brier_losses(y_true, y_prob), sample_weight)


ACCURACY_THRESHOLD = 0.5  # rows with at least this probability are predicted malignant, as in the accuracy of Keras


def epoch_metrics(y_true: Labels, y_prob: Floats) -> dict[str, float]:
    """Return the metrics by which the epochs of a training are compared, by the names of their columns."""
    return {
        "loss": log_loss(y_true, y_prob),
        "accuracy": confusion(y_true, y_prob >= ACCURACY_THRESHOLD).accuracy,
        "roc_auc": roc_auc(y_true, y_prob),
    }


def mean(values: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the weighted mean of the rows' values; shape (rows,)."""
    if sample_weight is None:
        return float(values.mean())
    return ratio(sample_weight @ values, sample_weight.sum(axis=-1))


def ratio(numerator: Value, denominator: Value, undefined: float = math.nan) -> Value:
    """Divide elementwise; return `undefined` where the denominator is 0."""
    divisor = np.asarray(denominator, dtype=float)
    quotient = np.divide(numerator, divisor, out=np.full(divisor.shape, undefined), where=divisor > 0)
    return quotient if divisor.ndim else float(quotient)
