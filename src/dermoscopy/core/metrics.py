"""What a classifier of malignant against benign is measured by; malignant is the positive class.

Functions take y_true, y_score (or y_pred) and sample_weight as scikit-learn's do: y_true is 0 benign,
1 malignant; y_score any number that grows with malignancy, y_prob a probability from 0 to 1, y_pred
True where predicted malignant; each of shape (rows,). Without sample_weight every row counts once.
A sample_weight of shape (draws, rows) says how often each row counts in each draw of a bootstrap, and
the result has shape (draws,). What is undefined, as the predictive value of a call nobody made, is NaN.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Predictions = NDArray[np.bool_]
Floats = NDArray[np.float64]
Value = Any  # a float, or of shape (draws,) where sample_weight is of shape (draws, rows)

# The cells of a confusion matrix: benign or malignant, called benign or malignant.
Cell = Literal["tn", "fp", "fn", "tp"]
MALIGNANT: tuple[Cell, ...] = ("tp", "fn")
BENIGN: tuple[Cell, ...] = ("tn", "fp")
PREDICTED_MALIGNANT: tuple[Cell, ...] = ("tp", "fp")
PREDICTED_BENIGN: tuple[Cell, ...] = ("tn", "fn")
ALL: tuple[Cell, ...] = ("tn", "fp", "fn", "tp")


@dataclass(frozen=True)
class Confusion:
    """Images counted by what they are and what they were called.

    Args:
        tn: Benign, called benign.
        fp: Benign, called malignant.
        fn: Malignant, called benign.
        tp: Malignant, called malignant.
    """

    tn: Value
    fp: Value
    fn: Value
    tp: Value

    def fraction(self, cells: tuple[Cell, ...]) -> tuple[Value, Value]:
        """Return how many images of these cells are called what they are, and how many there are."""
        right = sum(getattr(self, cell) for cell in cells if cell in ("tn", "tp"))
        return right, sum(getattr(self, cell) for cell in cells)

    @property
    def total(self) -> Value:
        """All images."""
        return self.fraction(ALL)[1]

    @property
    def accuracy(self) -> Value:
        """Share of images called what they are."""
        return ratio(*self.fraction(ALL))

    @property
    def sensitivity(self) -> Value:
        """Share of the malignant that were called malignant (recall)."""
        return ratio(*self.fraction(MALIGNANT))

    @property
    def specificity(self) -> Value:
        """Share of the benign that were called benign."""
        return ratio(*self.fraction(BENIGN))

    @property
    def false_positive_rate(self) -> Value:
        """Share of the benign that were called malignant."""
        return ratio(self.fp, self.tn + self.fp)

    @property
    def ppv(self) -> Value:
        """Share of the malignant among those called malignant (precision)."""
        return ratio(*self.fraction(PREDICTED_MALIGNANT))

    @property
    def npv(self) -> Value:
        """Share of the benign among those called benign."""
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
        """Matthews' correlation of call and truth."""
        margins = 1.0 * (self.tp + self.fp) * (self.tp + self.fn) * (self.tn + self.fp) * (self.tn + self.fn)
        return ratio(self.tp * self.tn - self.fp * self.fn, np.sqrt(margins))


def confusion(y_true: Labels, y_pred: Predictions, sample_weight: Floats | None = None) -> Confusion:
    """Count images by label and call: whole numbers, or weights where there are any."""
    cells = np.stack([in_cells(y_true, y_pred, (cell,)) for cell in ALL])
    if sample_weight is None:
        return Confusion(*map(int, cells.sum(axis=1)))
    return Confusion(*(cells.astype(float) @ sample_weight.T))


def in_cells(y_true: Labels, y_pred: Predictions, cells: tuple[Cell, ...]) -> NDArray[np.bool_]:
    """Return whether each row is in one of these cells; shape (rows,)."""
    malignant, found = y_true == 1, np.zeros(len(y_true), dtype=bool)
    for cell in cells:
        found |= (malignant if cell in MALIGNANT else ~malignant) & (y_pred if cell in PREDICTED_MALIGNANT else ~y_pred)
    return found


def roc_auc(y_true: Labels, y_score: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the chance that a malignant row scores above a benign one; ties count half.

    Exact but for the last division: whole and half pairs are counted.
    """
    malignant, everyone = _descending(y_true, y_score, sample_weight)
    benign = everyone - malignant
    above = (benign * (malignant.cumsum(axis=-1) - malignant / 2)).sum(axis=-1)
    return ratio(above, malignant.sum(axis=-1) * benign.sum(axis=-1))


def average_precision(y_true: Labels, y_score: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the sum over thresholds of precision times the gain in sensitivity; ties stand at one threshold."""
    malignant, everyone = _descending(y_true, y_score, sample_weight)
    precision = ratio(malignant.cumsum(axis=-1), everyone.cumsum(axis=-1), undefined=0.0)
    return ratio(np.einsum("...r,...r->...", malignant, precision), malignant.sum(axis=-1))


def _descending(y_true: Labels, y_score: Floats, sample_weight: Floats | None) -> tuple[Floats, Floats]:
    """Return the weight of the malignant and of all rows at each score, the highest first; shape (..., scores)."""
    order = np.argsort(-y_score, kind="stable")
    weights = np.ones(len(y_true)) if sample_weight is None else sample_weight
    everyone = weights.take(order, axis=-1)
    malignant = everyone * (y_true[order] == 1)
    starts = np.flatnonzero(np.diff(y_score[order], prepend=np.inf))
    if len(starts) < len(y_score):
        malignant, everyone = (np.add.reduceat(each, starts, axis=-1) for each in (malignant, everyone))
    return malignant, everyone


def roc_curve(y_true: Labels, y_score: Floats) -> tuple[Floats, Floats]:
    """Return the corners of the ROC curve: 1 - specificity and sensitivity, from (0, 0) to (1, 1).

    Two arrays without a point where only one label is present.
    """
    from sklearn.metrics import roc_curve as corners

    if not ((y_true == 0).any() and (y_true == 1).any()):
        return np.empty(0), np.empty(0)
    fpr, tpr, _ = corners(y_true, y_score)
    return fpr, tpr


def log_losses(y_true: Labels, y_prob: Floats) -> Floats:
    """Return -ln of the probability given to each row's true label, in nats; shape (rows,).

    A probability of exactly 0 or 1 counts as the nearest one in between that a float64 can hold,
    so that a single certain mistake costs 36 nats and not infinitely many.
    """
    tiny = np.finfo(float).eps
    losses: Floats = -np.log(np.clip(np.where(y_true == 1, y_prob, 1 - y_prob), tiny, 1 - tiny))
    return losses


def brier_losses(y_true: Labels, y_prob: Floats) -> Floats:
    """Return the squared distance of each row's probability from its label; shape (rows,)."""
    losses: Floats = (y_prob - y_true) ** 2
    return losses


def log_loss(y_true: Labels, y_prob: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the mean of `log_losses`."""
    return mean(log_losses(y_true, y_prob), sample_weight)


def brier(y_true: Labels, y_prob: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the mean of `brier_losses`."""
    return mean(brier_losses(y_true, y_prob), sample_weight)


def mean(values: Floats, sample_weight: Floats | None = None) -> Value:
    """Return the mean of the rows' values."""
    if sample_weight is None:
        return float(values.mean())
    return ratio(sample_weight @ values, sample_weight.sum(axis=-1))


def ratio(part: Value, whole: Value, undefined: float = math.nan) -> Value:
    """Divide, with `undefined` where the whole is nothing."""
    wholes = np.asarray(whole, dtype=float)
    divided = np.divide(part, wholes, out=np.full(wholes.shape, undefined), where=wholes > 0)
    return divided if wholes.ndim else float(divided)
