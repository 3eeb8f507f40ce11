"""Sampling of an epoch: order of the images, and their random augmentation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.params import Augment, Balance


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


WHITE = 255.0
QUARTER_TURNS = np.array([[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]], np.float64)


@dataclass(frozen=True)
class Augmentations:
    """Augmentation of each image of an epoch, in the order of the epoch.

    Attributes:
        linear: Matrix from a pixel of the augmented image to the pixel of the original whose colour it
            takes, both as x and y from the centre, shape (images, 2, 2).
        shift: Offset that is added to it, x and y, as a fraction of width and height, shape (images, 2).
        brightness: Value that is added to each colour, as a fraction of white, shape (images,).
        contrast: Relative change of each colour's difference to the mean of the image, shape (images,).
    """

    linear: NDArray[np.float32]
    shift: NDArray[np.float32]
    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]

    def apply(self, images: Any, positions: Any) -> Any:
        """Augment a batch of images, as the argument `augment` of `batches`.

        Beyond its edges, the image is mirrored. Flips and rotations by quarter turns change no colour.

        Args:
            images: Images, shape (batch, image_size, image_size, 3), float32 from 0 to 255.
            positions: Positions of the images in the epoch, from 0, shape (batch,).

        Returns:
            Augmented images of the same shape and type.
        """
        import tensorflow as tf

        size = images.shape[1]
        images = tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=tf.gather(self._transforms(size), positions),
            output_shape=[size, size],
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="REFLECT",
        )
        if not (self.brightness.any() or self.contrast.any()):
            return images
        brightness, contrast = (
            tf.gather(values, positions)[:, tf.newaxis, tf.newaxis, tf.newaxis]
            for values in (self.brightness, self.contrast)
        )
        mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
        # Brightness also shifts the mean, which contrast then keeps.
        changed = images * (1 + contrast) + (WHITE * brightness - contrast * mean)
        return tf.clip_by_value(changed, 0.0, WHITE)

    def _transforms(self, size: int) -> NDArray[np.float32]:
        """Return rows a0, a1, a2, b0, b1, b2, 0, 0 for ImageProjectiveTransformV3, whose origin is a corner."""
        centre = np.full(2, (size - 1) / 2, np.float32)
        offset = centre - self.linear @ centre + size * self.shift
        rows = np.concatenate([self.linear, offset[:, :, np.newaxis]], axis=2).reshape(-1, 6)
        return np.pad(rows, ((0, 0), (0, 2)))


def sample_augmentations(augment: Augment, count: int, *, seed: int, epoch: int) -> Augmentations:
    """Sample the augmentation of each image of an epoch.

    All random numbers are sampled, used or not, so that a changed parameter does not change those of the others.

    Args:
        augment: Largest changes; all are sampled uniformly.
        count: Number of images of the epoch.
        seed: Seed of the augmentation; not that of the order, whose random numbers would be the same.
        epoch: Number of the epoch, from 1.
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
