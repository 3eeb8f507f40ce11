"""How much each photograph counts in the loss."""

import numpy as np
from numpy.typing import NDArray

from dermoscopy.params.training import Balance


def example_weights(labels: NDArray[np.float32], balance: Balance) -> NDArray[np.float32] | None:
    """Return weights with which either label counts for half, and a photograph for one on average.

    Args:
        labels: 0 or 1, shape (photographs,); both are there.
        balance: Only "class_weights" has a say here.

    Returns:
        Shape (photographs,); None where all count alike.
    """
    if balance != "class_weights":
        return None
    malignant = np.count_nonzero(labels)
    ours = np.where(labels == 1, malignant, len(labels) - malignant)
    return (len(labels) / (2 * ours)).astype(np.float32)
