"""Which images an epoch takes, and in which order.

How much each image counts in the loss.

Images drawn anew each epoch: flipped, turned, zoomed, shifted, brighter, of more contrast.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.params import Augment, Balance


def epoch_order(labels: NDArray[np.float32], balance: Balance, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the positions of the images of an epoch, in the order they are trained on.

    Balanced batches take every image of the commoner label once, and after each of them one of
    the rarer, which goes round in an order drawn anew each time. So any batch, and any card's share of
    it, is half benign and half malignant; of an odd number the extra one is of either label by turns.

    Args:
        labels: 0 or 1, shape (images,); both are there.
        balance: Only "batches" has a say here: otherwise each image comes once.
        seed: Of the order.
        epoch: From 1; each has an order of its own.

    Returns:
        Shape (images,), or twice the commoner label's number.
    """
    random = np.random.default_rng([seed, epoch])
    if balance != "batches":
        return random.permutation(len(labels))
    rarer, commoner = sorted((np.flatnonzero(labels == label) for label in (0, 1)), key=len)
    rounds = -(-len(commoner) // len(rarer))
    repeated = np.concatenate([random.permutation(rarer) for _ in range(rounds)])[: len(commoner)]
    return np.column_stack([random.permutation(commoner), repeated]).ravel()


def epoch_length(labels: NDArray[np.float32], balance: Balance) -> int:
    """Return how many images an epoch takes, repeated ones counted as often as they come."""
    return len(epoch_order(labels, balance, seed=0, epoch=1))


def example_weights(labels: NDArray[np.float32], balance: Balance) -> NDArray[np.float32] | None:
    """Return weights with which either label counts for half, and a image for one on average.

    Args:
        labels: 0 or 1, shape (images,); both are there.
        balance: Only "class_weights" has a say here.

    Returns:
        Shape (images,); None where all count alike.
    """
    if balance != "class_weights":
        return None
    malignant = np.count_nonzero(labels)
    ours = np.where(labels == 1, malignant, len(labels) - malignant)
    return (len(labels) / (2 * ours)).astype(np.float32)


WHITE = 255.0
QUARTER_TURNS = np.array([[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]], np.float64)


@dataclass(frozen=True)
class Augmentations:
    """What becomes of each image of an epoch, by its place in it.

    Attributes:
        linear: From a place in the new image to the place in the old one whose colour it takes,
            both as x and y from the centre; shape (images, 2, 2).
        shift: Added to that, as a share of the side; x and y, shape (images, 2).
        brightness: Added to each colour, as a share of white; shape (images,).
        contrast: By which a colour's distance to the image's mean grows, relative; shape (images,).
    """

    linear: NDArray[np.float32]
    shift: NDArray[np.float32]
    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]

    def apply(self, images: Any, places: Any) -> Any:
        """Return a batch of images, distorted; as `batches` wants it.

        What lies beyond an edge is the image mirrored at it. Flips and quarter turns alone leave
        every colour as it was.

        Args:
            images: Shape (batch, side, side, 3), float32 from 0 to 255.
            places: In the epoch, from 0; shape (batch,).
        """
        import tensorflow as tf

        side = images.shape[1]
        images = tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=tf.gather(self._transforms(side), places),
            output_shape=[side, side],
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="REFLECT",
        )
        if not (self.brightness.any() or self.contrast.any()):
            return images
        brightness, contrast = (
            tf.gather(values, places)[:, tf.newaxis, tf.newaxis, tf.newaxis]
            for values in (self.brightness, self.contrast)
        )
        mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
        # Brightness moves the mean along, so that contrast leaves it where brightness put it.
        changed = images * (1 + contrast) + (WHITE * brightness - contrast * mean)
        return tf.clip_by_value(changed, 0.0, WHITE)

    def _transforms(self, side: int) -> NDArray[np.float32]:
        """Return the rows a0, a1, a2, b0, b1, b2, 0, 0 of ImageProjectiveTransformV3, which counts from a corner."""
        centre = np.full(2, (side - 1) / 2, np.float32)
        offset = centre - self.linear @ centre + side * self.shift
        rows = np.concatenate([self.linear, offset[:, :, np.newaxis]], axis=2).reshape(-1, 6)
        return np.pad(rows, ((0, 0), (0, 2)))


def sample_augmentations(augment: Augment, count: int, *, seed: int, epoch: int) -> Augmentations:
    """Draw what becomes of each image of an epoch.

    Each has draws of its own for everything, whatever is in use: a changed parameter leaves the others' draws.

    Args:
        augment: How far they may go; all draws are uniform.
        count: Images of the epoch.
        seed: Of the draws; not the one of the order, whose numbers it would share.
        epoch: From 1.
    """
    random = np.random.default_rng([seed, epoch])
    flips, turns = random.random((count, 2)), random.integers(4, size=count)
    zoom, brightness, contrast = random.uniform(-1, 1, (3, count))
    shift = random.uniform(-1, 1, (count, 2))
    signs = np.where(flips < augment.flip, -1.0, 1.0)
    turned = QUARTER_TURNS[turns * augment.quarter_turns]
    linear = turned * signs[:, np.newaxis, :] / (1 + augment.zoom * zoom)[:, np.newaxis, np.newaxis]
    return Augmentations(
        linear=linear.astype(np.float32),
        shift=(augment.shift * shift).astype(np.float32),
        brightness=(augment.brightness * brightness).astype(np.float32),
        contrast=(augment.contrast * contrast).astype(np.float32),
    )
