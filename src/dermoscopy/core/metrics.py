"""Metrics of a binary classifier; malignant is the positive class.

Functions take y_true, y_score (or y_pred) and sample_weight as scikit-learn's do. Each of these has shape (rows,):
y_true is 0 for benign and 1 for malignant; y_score is any number that grows with malignancy; y_prob is a
probability from 0 to 1; y_pred is True where the prediction is malignant. Without sample_weight every row counts
once. A sample_weight of shape (resamples, rows) is the number of times each row is in each bootstrap resample; the
result then has shape (resamples,). An undefined value, such as the PPV without a malignant prediction, is NaN.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Predictions = NDArray[np.bool_]
Floats = NDArray[np.float64]
Value = Any  # a float, or an array of shape (resamples,) if sample_weight has shape (resamples, rows)

# The cells of a confusion matrix.
Cell = Literal["tn", "fp", "fn", "tp"]
MALIGNANT: tuple[Cell, ...] = ("tp", "fn")
BENIGN: tuple[Cell, ...] = ("tn", "fp")
PREDICTED_MALIGNANT: tuple[Cell, ...] = ("tp", "fp")
PREDICTED_BENIGN: tuple[Cell, ...] = ("tn", "fn")
ALL: tuple[Cell, ...] = ("tn", "fp", "fn", "tp")


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix.

    Args:
        tn: Number of benign images predicted benign (true negatives).
        fp: Number of benign images predicted malignant (false positives).
        fn: Number of malignant images predicted benign (false negatives).
        tp: Number of malignant images predicted malignant (true positives).
    """

    tn: Value
    fp: Value
    fn: Value
    tp: Value

    def fraction(self, cells: tuple[Cell, ...]) -> tuple[Value, Value]:
        """Return the number of correctly predicted images in these cells, and the number of all images in them."""
        correct = sum(getattr(self, cell) for cell in cells if cell in ("tn", "tp"))
        return correct, sum(getattr(self, cell) for cell in cells)

    @property
    def total(self) -> Value:
        """Number of all images."""
        return self.fraction(ALL)[1]

    @property
    def accuracy(self) -> Value:
        """Proportion of images predicted correctly."""
        return ratio(*self.fraction(ALL))

    @property
    def sensitivity(self) -> Value:
        """Proportion of malignant images predicted malignant (recall)."""
        return ratio(*self.fraction(MALIGNANT))

    @property
    def specificity(self) -> Value:
        """Proportion of benign images predicted benign."""
        return ratio(*self.fraction(BENIGN))

    @property
    def false_positive_rate(self) -> Value:
        """Proportion of benign images predicted malignant."""
        return ratio(self.fp, self.tn + self.fp)

    @property
    def ppv(self) -> Value:
        """Positive predictive value: proportion of malignant images among those predicted malignant (precision)."""
        return ratio(*self.fraction(PREDICTED_MALIGNANT))

    @property
    def npv(self) -> Value:
        """Negative predictive value: proportion of benign images among those predicted benign."""
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
        """Matthews correlation coefficient of prediction and label."""
        margins = 1.0 * (self.tp + self.fp) * (self.tp + self.fn) * (self.tn + self.fp) * (self.tn + self.fn)
        return ratio(self.tp * self.tn - self.fp * self.fn, np.sqrt(margins))


def confusion(y_true: Labels, y_pred: Predictions, sample_weight: Floats | None = None) -> Confusion:
    """Return the confusion matrix: whole numbers, or sums of the weights if there are any."""
    cells = np.stack([in_cells(y_true, y_pred, (cell,)) for cell in ALL])
    if sample_weight is None:
        return Confusion(*map(int, cells.sum(axis=1)))
    return Confusion(*(cells.astype(float) @ sample_weight.T))


def in_cells(y_true: Labels, y_pred: Predictions, cells: tuple[Cell, ...]) -> NDArray[np.bool_]:
    """Return whether each row is in one of these cells; shape (rows,)."""
    malignant, included = y_true == 1, np.zeros(len(y_true), dtype=bool)
    for cell in cells:
        included |= (malignant if cell in MALIGNANT else ~malignant) & (
            y_pred if cell in PREDICTED_MALIGNANT else ~y_pred
        )
    return included


def roc_auc(y_true: Labels, y_score: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the area under the ROC curve: the probability that a malignant row has a higher score than a benign row.

    Ties count half. The count of pairs is exact; only the last division rounds.
    """
    malignant, total = _descending(y_true, y_score, sample_weight)
    benign = total - malignant
    above = (benign * (malignant.cumsum(axis=-1) - malignant / 2)).sum(axis=-1)
    return ratio(above, malignant.sum(axis=-1) * benign.sum(axis=-1))


def average_precision(y_true: Labels, y_score: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the sum over thresholds of precision times the gain in sensitivity; ties share one threshold."""
    malignant, total = _descending(y_true, y_score, sample_weight)
    precision = ratio(malignant.cumsum(axis=-1), total.cumsum(axis=-1), undefined=0.0)
    return ratio(np.einsum("...r,...r->...", malignant, precision), malignant.sum(axis=-1))


def _descending(y_true: Labels, y_score: Floats, sample_weight: Floats | None) -> tuple[Floats, Floats]:
    """Return the weight of malignant rows and of all rows at each score, highest score first; shape (..., scores)."""
    order = np.argsort(-y_score, kind="stable")
    weights = np.ones(len(y_true)) if sample_weight is None else sample_weight
    total = weights.take(order, axis=-1)
    malignant = total * (y_true[order] == 1)
    starts = np.flatnonzero(np.diff(y_score[order], prepend=np.inf))
    if len(starts) < len(y_score):
        malignant, total = (np.add.reduceat(each, starts, axis=-1) for each in (malignant, total))
    return malignant, total


def roc_curve(y_true: Labels, y_score: Floats) -> tuple[Floats, Floats]:
    """Return the points of the ROC curve: 1 - specificity and sensitivity, from (0, 0) to (1, 1).

    Both arrays are empty if only one label is present.
    """
    from sklearn.metrics import roc_curve as curve_points

    if not ((y_true == 0).any() and (y_true == 1).any()):
        return np.empty(0), np.empty(0)
    fpr, tpr, _ = curve_points(y_true, y_score)
    return fpr, tpr


def log_losses(y_true: Labels, y_prob: Floats) -> Floats:
    """Return -ln of the predicted probability of each row's true label, in nats; shape (rows,).

    A probability of exactly 0 or 1 is clipped by the machine epsilon of float64, so that one wrong prediction with
    certainty costs 36 nats and not infinitely many.
    """
    epsilon = np.finfo(float).eps
    losses: Floats = -np.log(np.clip(np.where(y_true == 1, y_prob, 1 - y_prob), epsilon, 1 - epsilon))
    return losses


def brier_losses(y_true: Labels, y_prob: Floats) -> Floats:
    """Return the squared difference of each row's probability and label; shape (rows,)."""
    losses: Floats = (y_prob - y_true) ** 2
    return losses


def log_loss(y_true: Labels, y_prob: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the mean of `log_losses`."""
    return mean(log_losses(y_true, y_prob), sample_weight)


def brier(y_true: Labels, y_prob: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the mean of `brier_losses`."""
    return mean(brier_losses(y_true, y_prob), sample_weight)


def mean(values: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the weighted mean of the rows' values."""
    if sample_weight is None:
        return float(values.mean())
    return ratio(sample_weight @ values, sample_weight.sum(axis=-1))


def ratio(numerator: Value, denominator: Value, undefined: float = math.nan) -> Value:
    """Divide; return `undefined` where the denominator is 0."""
    denominators = np.asarray(denominator, dtype=float)
    quotient = np.divide(numerator, denominators, out=np.full(denominators.shape, undefined), where=denominators > 0)
    return quotient if denominators.ndim else float(quotient)
