"""Metrics of a classification into several classes, of which each row has one: recalls and their mean.

The intervals of the recalls are those of a proportion in `evaluate.scores`. Recalls of two classes are of different
lesions, so they are independent, and the interval of their mean is recovered from theirs (Zou, Huang and Zhang, A note
on confidence interval estimation for a linear function of binomial proportions, Computational Statistics and Data
Analysis 53, 2009). A bootstrap of the mean would have no variance from a class whose recall is 0 or 1.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import mean
from dermoscopy.stats.intervals import Bounded, bootstrap_interval, wilson_interval
from dermoscopy.stats.lesions import Unit


def confusion_counts(y_true: NDArray[np.intp], y_pred: NDArray[np.intp], classes: int) -> NDArray[np.intp]:
    """Return the number of rows of each true class (rows) that are predicted as each class (columns).

    Args:
        y_true: Class of each row, from 0; shape (rows,).
        y_pred: Predicted class of each row; shape (rows,).
        classes: Number of classes.

    Returns:
        Shape (classes, classes).
    """
    return np.bincount(classes * y_true + y_pred, minlength=classes**2).reshape(classes, classes)


def recall(
    unit: Unit,
    of_class: NDArray[np.bool_],
    correct: NDArray[np.bool_],
    resamples: NDArray[np.float64],
    confidence: float,
) -> tuple[Bounded, str]:
    """Return the proportion of the rows of a class that are predicted as it, and the kind of its interval.

    By lesion the interval is Wilson's. By image it is the bootstrap's; where all rows of the class agree, or are of one
    lesion, it is Wilson's with the number of lesions.

    Args:
        unit: Images or lesions.
        of_class: Whether each row is of the class; shape (rows,).
        correct: Whether each row is predicted as its class; shape (rows,).
        resamples: Number of times each row is in each resample (`intervals.resample_lesions` within each class);
            shape (resamples, rows).
        confidence: Confidence level of the interval, from 0 to 1.

    Returns:
        NaN and an empty kind if no row is of the class.
    """
    if not of_class.any():
        return Bounded(math.nan, math.nan, math.nan), ""
    own, lesions = correct[of_class].astype(float), len(set(unit.lesion[of_class]))
    value = float(own.mean())
    if unit.name == "image" and 0 < value < 1 and lesions > 1:
        resampled = mean(own, resamples[:, of_class])
        return Bounded(value, *bootstrap_interval(value, resampled, "proportion", lesions, confidence)), "bootstrap"
    return Bounded(value, *wilson_interval(value * lesions, lesions, confidence)), "Wilson"


def mean_recall(recalls: Sequence[Bounded]) -> Bounded:
    """Return the mean of the recalls of the classes that occur, the balanced accuracy, with its interval.

    Args:
        recalls: Recall of each class with its interval; NaN if the class does not occur.
    """
    occurring = np.array([recall for recall in recalls if not math.isnan(recall.value)])
    if not len(occurring):
        return Bounded(math.nan, math.nan, math.nan)
    values, low, high = occurring.T
    value = float(values.mean())
    below, above = (float(np.sqrt(((values - bound) ** 2).sum())) / len(values) for bound in (low, high))
    return Bounded(value, value - below, value + above)
