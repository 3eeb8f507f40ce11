"""What a classifier of malignant against benign is measured by; malignant is the positive class.

The figures of a whole part, by scikit-learn or by counting; `weighted` has the same ones for
photographs that count more than once.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Confusion:
    """Photographs counted by what they are and what they were called.

    Args:
        tn: Benign, called benign.
        fp: Benign, called malignant.
        fn: Malignant, called benign.
        tp: Malignant, called malignant.
    """

    tn: int
    fp: int
    fn: int
    tp: int

    @property
    def total(self) -> int:
        """All photographs."""
        return self.tn + self.fp + self.fn + self.tp

    @property
    def accuracy(self) -> float:
        """Share of photographs called what they are; NaN where there is none."""
        return _ratio(self.tn + self.tp, self.total)

    @property
    def precision(self) -> float:
        """Share of the malignant among those called malignant; NaN where none was."""
        return _ratio(self.tp, self.fp + self.tp)

    @property
    def recall(self) -> float:
        """Share of the malignant that were called malignant (sensitivity); NaN where none is."""
        return _ratio(self.tp, self.fn + self.tp)

    @property
    def specificity(self) -> float:
        """Share of the benign that were called benign; NaN where none is."""
        return _ratio(self.tn, self.tn + self.fp)


def confusion(label: NDArray[np.int64], called: NDArray[np.bool_]) -> Confusion:
    """Count photographs by label and call.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        called: True where called malignant; shape (rows,).
    """
    malignant = label == 1
    groups = (~malignant & ~called, ~malignant & called, malignant & ~called, malignant & called)
    return Confusion(*(int(group.sum()) for group in groups))


def log_loss(label: NDArray[np.int64], probability: NDArray[np.float64]) -> float:
    """Return the mean of -ln of the probability given to the true label, in nats.

    A probability of exactly 0 or 1 counts as the nearest one in between that a float64 can hold,
    so that a single certain mistake costs 36 nats and not infinitely many.
    """
    from sklearn.metrics import log_loss as mean_loss

    return float(mean_loss(label, probability, labels=[0, 1]))


def roc_auc(label: NDArray[np.int64], score: NDArray[np.float64]) -> float:
    """Return the chance that a malignant photograph scores above a benign one; ties count half.

    Args:
        label: 0 benign, 1 malignant; shape (rows,).
        score: Any number that grows with malignancy; shape (rows,).

    Returns:
        From 0 to 1; NaN where only one label is present.
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, score)) if _both(label) else math.nan


def roc_curve(label: NDArray[np.int64], score: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the ROC curve: 1 - specificity and sensitivity, from (0, 0) to (1, 1).

    Two arrays without a point where only one label is present.
    """
    from sklearn.metrics import roc_curve as corners

    if not _both(label):
        return np.empty(0), np.empty(0)
    fpr, tpr, _ = corners(label, score)
    return fpr, tpr


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _both(label: NDArray[np.int64]) -> bool:
    return bool((label == 0).any() and (label == 1).any())
