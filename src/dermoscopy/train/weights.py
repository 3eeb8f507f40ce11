"""Weights of the images in the loss: by label, by source, or by group. A group is a source with a label."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.errors import TrainingError
from dermoscopy.networks.params import Balance

Sources = NDArray[np.int64]


def example_weights(
    labels: NDArray[np.float32],
    balance: Balance,
    sources: Sources | None = None,
    classes: NDArray[Any] | None = None,
) -> NDArray[np.float32] | None:
    """Return sample weights with which classes, labels or groups are balanced; their mean is 1.

    With "class_weights", each class has the same weight. With "sources", each label has half of the weight of each
    source, and a source as much weight as images; a source with one label has the weight 1 for each image. With
    "groups" (and in the first epoch of "group_dro"), each group that occurs has the same weight.

    Args:
        labels: Labels, 0 or 1, shape (images,); both occur.
        balance: Balancing; "none" and "batches" have no effect here.
        sources: Number of the source of each image, shape (images,); needed unless the balance is by label.
        classes: Class of each image in the target, shape (images,); None takes the labels.

    Returns:
        Sample weights, float32, shape (images,); None if all images have the same weight.

    Raises:
        TrainingError: The balance is by source, and no sources are known.
    """
    if balance in ("none", "batches"):
        return None
    if balance == "class_weights":
        _, numbers, counts = np.unique(labels if classes is None else classes, return_inverse=True, return_counts=True)
        return (len(labels) / (len(counts) * counts))[numbers].astype(np.float32)
    if sources is None:
        raise TrainingError(
            f"training.balance {balance} needs the sources of the images, but the table of the dataset has no column "
            "dataset with several sources.\nUse the table of the Harvard Dataverse, or another training.balance."
        )
    if balance in ("groups", "group_dro"):
        return GroupWeights(labels, sources).of_images()
    counts = np.stack([np.bincount(sources[labels == label], minlength=sources.max() + 1) for label in (0, 1)])
    weights = counts.sum(axis=0) / (np.count_nonzero(counts, axis=0) * counts.clip(1))
    of_images: NDArray[np.float32] = weights[labels.astype(int), sources].astype(np.float32)
    return of_images


class GroupWeights:
    """Weights of the groups, first equal, that grow with the group's loss.

    This follows group DRO (Sagawa et al., Distributionally Robust Neural Networks for Group Shifts, ICLR 2020,
    algorithm 1): the group with the largest loss gets the most weight. There the weights change after each step, with
    the losses of its batch; most batches have no image of a rare group. Here they change after each epoch, with the
    losses of all images.

    Args:
        labels: Labels, 0 or 1, shape (images,).
        sources: Number of the source of each image, shape (images,).

    Attributes:
        logarithms: Logarithm of the weight of each group that occurs, up to a constant; shape (groups,).
    """

    def __init__(self, labels: NDArray[np.float32], sources: Sources) -> None:
        self.labels = labels
        groups, self.group = np.unique(2 * sources + labels.astype(np.int64), return_inverse=True)
        self.counts = np.bincount(self.group)
        self.logarithms = np.zeros(len(groups))

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weight of each group; their sum is 1; shape (groups,)."""
        relative = np.exp(self.logarithms - self.logarithms.max())
        weights: NDArray[np.float64] = relative / relative.sum()
        return weights

    def of_images(self) -> NDArray[np.float32]:
        """Return the weight of each image, with mean 1; float32, shape (images,)."""
        of_images: NDArray[np.float32] = (len(self.group) * self.weights / self.counts)[self.group].astype(np.float32)
        return of_images

    def update(self, probabilities: NDArray[np.float64], step: float) -> None:
        """Change the weights after an epoch.

        Args:
            probabilities: Probability that each image is malignant, as predicted after the epoch, shape (images,).
            step: Step size.
        """
        correct = np.where(self.labels == 1, probabilities, 1 - probabilities)
        losses = -np.log(correct.clip(np.finfo(np.float32).eps))
        self.logarithms = self.logarithms + step * np.bincount(self.group, losses) / self.counts
