"""Logistic regression by Newton's method, for targets between 0 and 1 and a handful of columns."""

import numpy as np
from numpy.typing import NDArray

from dermoscopy.evaluation.odds import from_odds

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
        chance = from_odds(columns @ found + offset)
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
