"""Probabilities as log-odds and back."""

import numpy as np
from numpy.typing import NDArray

SMALLEST = 1e-7  # nearer to 0 or 1 a network's float32 cannot tell probabilities apart


def to_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-odds, those of 0 and 1 finite."""
    from scipy.special import logit

    odds: NDArray[np.float64] = logit(np.clip(probability, SMALLEST, 1 - SMALLEST))
    return odds


def from_odds(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities."""
    from scipy.special import expit

    probability: NDArray[np.float64] = expit(odds)
    return probability
