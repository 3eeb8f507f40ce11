"""What each member counts for in the accuracy-weighted mean."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.params.ensemble import Ensemble


def weigh_members(label: NDArray[np.int64], probabilities: pd.DataFrame, settings: Ensemble) -> pd.DataFrame:
    """Weigh the members that count by their accuracy on val.

    Args:
        label: 0 benign, 1 malignant, of photographs of val; shape (rows,), at least one.
        probabilities: Rows by members, from 0 to 1.
        settings: Which members count, and the threshold of the calls that accuracy is about.

    Returns:
        Rows of `tables.ensemble.WEIGHTS`, one for each column of `probabilities`: a member that
        does not count has its accuracy and a weight of 0.
    """
    called = probabilities.ge(settings.threshold)
    accuracies = called.eq(label == 1, axis="index").mean()
    weights = accuracy_weights({member: float(accuracies[member]) for member in settings.members})
    return pd.DataFrame(
        {
            "member": probabilities.columns,
            "accuracy": accuracies.to_numpy(),
            "weight": [weights.get(member, 0.0) for member in probabilities.columns],
        }
    )


def accuracy_weights(accuracies: Mapping[str, float]) -> dict[str, float]:
    """Return weights in proportion to accuracy (the paper's), equal ones where all are 0.

    Args:
        accuracies: Each member's, from 0 to 1.

    Returns:
        Each member's weight; they sum to one.
    """
    total = sum(accuracies.values())
    if not total:
        return dict.fromkeys(accuracies, 1 / len(accuracies))
    return {member: accuracy / total for member, accuracy in accuracies.items()}
