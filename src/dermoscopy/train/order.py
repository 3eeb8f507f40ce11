"""Order of the images of an epoch."""

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.params import Balance


def epoch_order(labels: NDArray[np.float32], balance: Balance, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the positions of the images of an epoch, in the order in which they are trained on.

    Balanced batches alternate the labels. Each image of the commoner label occurs once. The images of the
    rarer label are repeated, and shuffled again for each repetition. Every batch, and every device's part of
    it, is half benign and half malignant; with an odd number, the additional image is of either label in turn.

    Args:
        labels: Labels, 0 or 1, shape (images,); both occur.
        balance: Balancing of labels; only "batches" has an effect here: otherwise each image occurs once.
        seed: Seed of the order.
        epoch: Number of the epoch, from 1; each epoch has another order.

    Returns:
        Positions, int64, shape (images,); with balanced batches, twice as many as images of the commoner label.
    """
    random = np.random.default_rng([seed, epoch])
    if balance != "batches":
        return random.permutation(len(labels))
    rarer, commoner = sorted((np.flatnonzero(labels == label) for label in (0, 1)), key=len)
    rounds = -(-len(commoner) // len(rarer))
    repeated = np.concatenate([random.permutation(rarer) for _ in range(rounds)])[: len(commoner)]
    return np.column_stack([random.permutation(commoner), repeated]).ravel()


def epoch_length(labels: NDArray[np.float32], balance: Balance) -> int:
    """Return the number of images of an epoch, including repetitions."""
    return len(epoch_order(labels, balance, seed=0, epoch=1))
