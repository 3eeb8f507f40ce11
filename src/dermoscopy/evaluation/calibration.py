"""Probabilities that mean what they say, fitted on val."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.logistic import fit_logistic
from dermoscopy.evaluation.odds import from_odds, to_odds
from dermoscopy.evaluation.proportions import wilson_interval

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
        return from_odds(self.slope * to_odds(probability) + self.intercept)


def fit_calibration(
    label: NDArray[np.int64], probability: NDArray[np.float64], method: Literal["none", "temperature", "platt"]
) -> Calibration:
    """Fit a calibration by log loss.

    Guo et al., On calibration of modern neural networks, 2017 (temperature); Platt, Probabilistic
    outputs for support vector machines, 1999 (slope and shift), whose targets keep a little from 0
    and 1 are used for both: without them labels told apart without a mistake have no finite slope.

    Args:
        label: 0 benign, 1 malignant, of photographs of val, both present; shape (rows,).
        probability: What is to be calibrated, from 0 to 1; shape (rows,).
        method: What is fitted.
    """
    if method == "none":
        return Calibration(1.0, 0.0)
    malignant = int(label.sum())
    target = np.where(label == 1, (malignant + 1) / (malignant + 2), 1 / (len(label) - malignant + 2))
    odds = to_odds(probability)
    columns = odds[:, None] if method == "temperature" else np.column_stack([odds, np.ones(len(odds))])
    slope, *shift = fit_logistic(columns, target, np.zeros(columns.shape[1])).tolist()
    if slope < FLATTEST:
        slope = FLATTEST
        if method == "platt":
            # The shift again, the slope held: the rows' own log-odds are part of what it shifts.
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
