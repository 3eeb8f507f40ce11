"""Which photographs an epoch takes, and in which order."""

import numpy as np
from numpy.typing import NDArray

from dermoscopy.params.training import Balance


def epoch_order(labels: NDArray[np.float32], balance: Balance, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the positions of the photographs of an epoch, in the order they are trained on.

    Balanced batches take every photograph of the commoner label once, and after each of them one of
    the rarer, which goes round in an order drawn anew each time. So any batch, and any card's share of
    it, is half benign and half malignant; of an odd number the extra one is of either label by turns.

    Args:
        labels: 0 or 1, shape (photographs,); both are there.
        balance: Only "batches" has a say here: otherwise each photograph comes once.
        seed: Of the order.
        epoch: From 1; each has an order of its own.

    Returns:
        Shape (photographs,), or twice the commoner label's number.
    """
    random = np.random.default_rng([seed, epoch])
    if balance != "batches":
        return random.permutation(len(labels))
    rarer, commoner = sorted((np.flatnonzero(labels == label) for label in (0, 1)), key=len)
    rounds = -(-len(commoner) // len(rarer))
    repeated = np.concatenate([random.permutation(rarer) for _ in range(rounds)])[: len(commoner)]
    return np.column_stack([random.permutation(commoner), repeated]).ravel()


def epoch_length(labels: NDArray[np.float32], balance: Balance) -> int:
    """Return how many photographs an epoch takes, repeated ones counted as often as they come."""
    return len(epoch_order(labels, balance, seed=0, epoch=1))
