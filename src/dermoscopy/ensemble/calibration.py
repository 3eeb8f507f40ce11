"""Probabilities that mean what they say, fitted on val.

Logistic regression by Newton's method, for targets between 0 and 1 and a handful of columns.

Probabilities as log-odds and back.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.stats.intervals import wilson_interval

SMALLEST = 1e-7  # nearer to 0 or 1 a network's float32 cannot tell probabilities apart


def to_logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-odds, those of 0 and 1 finite."""
    from scipy.special import logit

    odds: NDArray[np.float64] = logit(np.clip(probability, SMALLEST, 1 - SMALLEST))
    return odds


def from_logit(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities."""
    from scipy.special import expit

    probability: NDArray[np.float64] = expit(odds)
    return probability


STEPS = 100  # a handful are enough where labels overlap
CLOSE = 1e-10  # of the last step, at which the fit is done


def fit_logistic(
    columns: NDArray[np.float64],
    target: NDArray[np.float64],
    penalty: NDArray[np.float64],
    offset: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.float64]:
    """Return the coefficients of the lowest summed log loss plus half the penalized sum of their squares.

    scikit-learn's LogisticRegression takes labels only, where calibration has targets between; with
    labels it gives the same (its C is the inverse of a penalty of one value, the intercept's being 0).

    Args:
        columns: Shape (rows, coefficients), of full rank where nothing is penalized.
        target: From 0 to 1; shape (rows,).
        penalty: Of each coefficient, from 0; shape (coefficients,).
        offset: Added to the rows' log-odds; shape (rows,), or one for all.
    """

    def loss(coefficients: NDArray[np.float64]) -> float:
        odds = columns @ coefficients + offset
        return float((np.logaddexp(0, odds) - target * odds).sum() + penalty @ coefficients**2 / 2)

    found = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        chance = from_logit(columns @ found + offset)
        slope = columns.T @ (chance - target) + penalty * found
        bend = (columns.T * (chance * (1 - chance))) @ columns + np.diag(penalty)
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        # Far from the minimum a whole step may go beyond it.
        while loss(found - step) > loss(found) and np.abs(step).max() > CLOSE:
            step = step / 2
        found = found - step
        if np.abs(step).max() <= CLOSE:
            break
    return found


FLATTEST = 0.01  # slope: a score that orders lesions the wrong way round is flattened, never turned round


@dataclass(frozen=True)
class Calibration:
    """A slope and a shift of the log-odds; the order of the lesions stays.

    Attributes:
        slope: Over 0; its inverse is the temperature.
        intercept: 0 for a temperature alone.
    """

    slope: float
    intercept: float

    def apply(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities; any shape."""
        return from_logit(self.slope * to_logit(probability) + self.intercept)


def fit_calibration(
    label: NDArray[np.int64], probability: NDArray[np.float64], method: Literal["none", "temperature", "platt"]
) -> Calibration:
    """Fit a calibration by log loss.

    Guo et al., On calibration of modern neural networks, 2017 (temperature); Platt, Probabilistic
    outputs for support vector machines, 1999 (slope and shift), whose targets keep a little from 0
    and 1 are used for both: without them labels told apart without a mistake have no finite slope.

    Args:
        label: 0 benign, 1 malignant, of images of val, both present; shape (rows,).
        probability: What is to be calibrated, from 0 to 1; shape (rows,).
        method: What is fitted.
    """
    if method == "none":
        return Calibration(1.0, 0.0)
    malignant = int(label.sum())
    target = np.where(label == 1, (malignant + 1) / (malignant + 2), 1 / (len(label) - malignant + 2))
    odds = to_logit(probability)
    columns = odds[:, None] if method == "temperature" else np.column_stack([odds, np.ones(len(odds))])
    slope, *shift = fit_logistic(columns, target, np.zeros(columns.shape[1])).tolist()
    if slope < FLATTEST:
        slope = FLATTEST
        if method == "platt":
            # The shift again, the slope held: the rows' own log-odds are split of what it shifts.
            shift = [float(fit_logistic(np.ones((len(odds), 1)), target, np.zeros(1), FLATTEST * odds)[0])]
    return Calibration(slope, *(shift or [0.0]))


def reliability(
    label: NDArray[np.int64], probability: NDArray[np.float64], bins: int, confidence: float
) -> pd.DataFrame:
    """Return how often lesions were malignant that were said to be so with about the same probability.

    Args:
        label: 0 benign, 1 malignant, of independent lesions; shape (rows,).
        probability: From 0 to 1; shape (rows,).
        bins: Equally wide, from 0 to 1; one that holds nothing is left out.
        confidence: Of the intervals.

    Returns:
        A row a bin: start, end, lesions, probability (their mean), malignant (their share), low, high.
    """
    place = np.minimum((probability * bins).astype(int), bins - 1)
    rows = []
    for number in np.unique(place):
        here = place == number
        low, high = wilson_interval(label[here].sum(), here.sum(), confidence)
        rows.append(
            (number / bins, (number + 1) / bins, here.sum(), probability[here].mean(), label[here].mean(), low, high)
        )
    return pd.DataFrame(rows, columns=["start", "end", "lesions", "probability", "malignant", "low", "high"])


def expected_error(table: pd.DataFrame) -> float:
    """Return the expected calibration error: the mean distance of share and probability over all lesions.

    Naeini, Cooper and Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, 2015.
    Even perfect probabilities have one above 0, by chance within the bins, and bootstrap draws a larger
    one still: it comes without an interval.

    Args:
        table: From `reliability`.
    """
    return float(np.average((table["malignant"] - table["probability"]).abs(), weights=table["lesions"]))
