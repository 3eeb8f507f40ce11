"""Class-conditional conformal sets: benign, malignant, or refer.

A label is in a lesion's set unless the lesion is stranger to it than all but a few of val's lesions
of that label. Each label's own lesions decide (Vovk, Conditional validity of inductive conformal
predictors, 2012), so that coverage holds for the rare malignant ones as for the benign.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermoscopy.evaluation.points import rank

SETS = ("benign", "refer", "malignant")


@dataclass(frozen=True)
class Sets:
    """Which labels a probability leaves possible.

    Attributes:
        malignant_from: Probability from which malignant is possible.
        benign_until: Probability up to which benign is.
    """

    malignant_from: float
    benign_until: float

    def possible(self, probability: NDArray[np.float64], label: int) -> NDArray[np.bool_]:
        """Return whether a label is in each lesion's set; shape (lesions,)."""
        return probability >= self.malignant_from if label else probability <= self.benign_until

    def name(self, probability: NDArray[np.float64]) -> NDArray[np.str_]:
        """Return the answer for each lesion, of `SETS`: who may be either, or neither, is referred."""
        malignant, benign = self.possible(probability, 1), self.possible(probability, 0)
        return np.where(malignant == benign, "refer", np.where(malignant, "malignant", "benign"))


def fit_sets(label: NDArray[np.int64], probability: NDArray[np.float64], coverage: float) -> Sets:
    """Fix the sets on lesions of val.

    Args:
        label: 0 benign, 1 malignant; shape (lesions,).
        probability: From 0 to 1; shape (lesions,).
        coverage: The chance that a new lesion's set holds its label, for each label.
    """
    malignant, benign = np.sort(probability[label == 1]), np.sort(probability[label == 0])[::-1]
    first, last = rank(len(malignant), coverage), rank(len(benign), coverage)
    return Sets(
        malignant_from=float(malignant[first - 1]) if first else 0.0,
        benign_until=float(benign[last - 1]) if last else 1.0,
    )
