"""Diagnoses become labels."""

import pandas as pd

from dermoscopy.params.policy import Policy


def labels(dx: "pd.Series[str]", policy: Policy) -> "pd.Series[int]":
    """Return 1 where a diagnosis is malignant by the policy and 0 where it is benign.

    Args:
        dx: Diagnoses, as HAM10000 abbreviates them.
        policy: Which of them are malignant.
    """
    return dx.isin(policy.malignant.split("+")).astype("int64")
