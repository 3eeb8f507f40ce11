"""The paper's three ways to make one probability of several members'."""

from collections.abc import Mapping
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.params.ensemble import Method

METHODS: tuple[Method, ...] = get_args(Method)

MAJORITY = 0.5  # of the votes; a tie is called malignant, the mistake that costs less


def vote(probabilities: pd.DataFrame, threshold: float) -> NDArray[np.float64]:
    """Return the share of members that call each photograph malignant.

    Args:
        probabilities: Rows by members, from 0 to 1.
        threshold: The probability from which a member calls a photograph malignant.

    Returns:
        From 0 to 1; shape (rows,).
    """
    return mean(probabilities.ge(threshold))


def mean(probabilities: pd.DataFrame) -> NDArray[np.float64]:
    """Return the members' mean probability; shape (rows,)."""
    combined: NDArray[np.float64] = probabilities.to_numpy(dtype=float).mean(axis=1)
    return combined


def weighted_mean(probabilities: pd.DataFrame, weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the members' mean probability under weights; shape (rows,).

    Args:
        probabilities: Rows by members, from 0 to 1.
        weights: Each member's; they sum to one.
    """
    shares = np.array([weights[member] for member in probabilities.columns])
    combined: NDArray[np.float64] = probabilities.to_numpy(dtype=float) @ shares
    return combined.clip(0, 1)  # weights sum to one but for rounding


def combine(
    probabilities: pd.DataFrame, method: Method, threshold: float, weights: Mapping[str, float]
) -> NDArray[np.float64]:
    """Make one probability of the members'.

    Args:
        probabilities: Rows by members, from 0 to 1; only the members that count.
        method: One of `METHODS`.
        threshold: The probability from which a member votes malignant; used by "vote" only.
        weights: Each member's, summing to one; used by "accuracy_weighted" only.

    Returns:
        From 0 to 1; shape (rows,).
    """
    if method == "vote":
        return vote(probabilities, threshold)
    if method == "mean":
        return mean(probabilities)
    return weighted_mean(probabilities, weights)


def operating_threshold(method: Method, threshold: float) -> float:
    """Return the value of `combine` from which a photograph is called malignant.

    A vote is decided by the majority: the threshold has done its work in each member's call.
    """
    return MAJORITY if method == "vote" else threshold
