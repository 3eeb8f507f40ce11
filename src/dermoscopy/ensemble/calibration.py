"""Calibration of probabilities: logit transformation, logistic regression, Platt and temperature scaling.

Logistic regression is fitted by Newton's method, for targets between 0 and 1 and a few columns.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

EPSILON = 1e-7  # a network's float32 cannot resolve probabilities nearer to 0 or 1


def to_logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logit of probabilities, finite for 0 and 1."""
    from scipy.special import logit

    logits: NDArray[np.float64] = logit(np.clip(probability, EPSILON, 1 - EPSILON))
    return logits


def from_logit(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of logits."""
    from scipy.special import expit

    probability: NDArray[np.float64] = expit(logits)
    return probability


MAX_STEPS = 100  # a few are enough if the labels overlap
TOLERANCE = 1e-10  # largest coefficient of the last step


def fit_logistic(
    columns: NDArray[np.float64],
    target: NDArray[np.float64],
    penalty: NDArray[np.float64],
    offset: NDArray[np.float64] | float = 0.0,
    sample_weight: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the coefficients that minimize the summed log loss plus half the penalized sum of their squares.

    scikit-learn's LogisticRegression accepts labels only; the targets of calibration lie between 0 and 1.
    With labels the results are equal (its C is the inverse of the penalty; that of the intercept is 0).

    Args:
        columns: Features; shape (rows, coefficients), of full rank if nothing is penalized.
        target: Targets from 0 to 1; shape (rows,).
        penalty: Penalty of each coefficient, at least 0; shape (coefficients,).
        offset: Constant added to the logits; shape (rows,), or one number for all rows.
        sample_weight: Weight of each row, over 0; shape (rows,). None weighs all rows 1.
    """
    weight = np.ones(len(target)) if sample_weight is None else sample_weight

    def loss(coefficients: NDArray[np.float64]) -> float:
        logits = columns @ coefficients + offset
        return float(weight @ (np.logaddexp(0, logits) - target * logits) + penalty @ coefficients**2 / 2)

    coefficients = np.zeros(columns.shape[1])
    for _ in range(MAX_STEPS):
        probability = from_logit(columns @ coefficients + offset)
        gradient = columns.T @ (weight * (probability - target)) + penalty * coefficients
        hessian = (columns.T * (weight * probability * (1 - probability))) @ columns + np.diag(penalty)
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        # Far from the minimum a full step may overshoot.
        while loss(coefficients - step) > loss(coefficients) and np.abs(step).max() > TOLERANCE:
            step = step / 2
        coefficients = coefficients - step
        if np.abs(step).max() <= TOLERANCE:
            break
    return coefficients


MIN_SLOPE = 0.01  # scores that rank lesions in reverse are flattened, not reversed


@dataclass(frozen=True)
class Calibration:
    """Slope and intercept on the logit scale; the ranking of lesions is kept.

    Attributes:
        slope: Slope, over 0; its inverse is the temperature.
        intercept: Intercept; 0 for temperature scaling.
    """

    slope: float
    intercept: float

    def apply(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities; any shape."""
        return from_logit(self.slope * to_logit(probability) + self.intercept)


def fit_calibration(
    y_true: NDArray[np.int64],
    y_prob: NDArray[np.float64],
    method: Literal["none", "temperature", "platt"],
    sample_weight: NDArray[np.float64] | None = None,
) -> Calibration:
    """Fit a calibration by minimizing the log loss.

    Guo et al., On calibration of modern neural networks, 2017 (temperature); Platt, Probabilistic
    outputs for support vector machines, 1999 (slope and intercept). Platt's smoothed targets are used for
    both: with labels as targets, perfectly separated labels have no finite slope.

    Args:
        y_true: Labels of images of val, 0 benign, 1 malignant, both present; shape (rows,).
        y_prob: Probabilities to calibrate, from 0 to 1; shape (rows,).
        method: Method of calibration.
        sample_weight: Weight of each image, over 0; shape (rows,). With the inverse of the number of images of its
            lesion, the mean probability of lesions is calibrated. None weighs all images 1.
    """
    if method == "none":
        return Calibration(1.0, 0.0)
    weight = np.ones(len(y_true)) if sample_weight is None else sample_weight
    malignant, benign = weight[y_true == 1].sum(), weight[y_true == 0].sum()
    target = np.where(y_true == 1, (malignant + 1) / (malignant + 2), 1 / (benign + 2))
    logits = to_logit(y_prob)
    columns = logits[:, None] if method == "temperature" else np.column_stack([logits, np.ones(len(logits))])
    slope, *intercept = fit_logistic(columns, target, np.zeros(columns.shape[1]), 0.0, weight).tolist()
    if slope < MIN_SLOPE:
        slope = MIN_SLOPE
        if method == "platt":
            # Fit the intercept again with the slope fixed: the scaled logits are the offset.
            ones = np.ones((len(logits), 1))
            intercept = [float(fit_logistic(ones, target, np.zeros(1), MIN_SLOPE * logits, weight)[0])]
    return Calibration(slope, *(intercept or [0.0]))
