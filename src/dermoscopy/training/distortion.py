"""Photographs drawn anew each epoch: flipped, turned, zoomed, shifted, brighter, of more contrast."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.params.training import Augment

WHITE = 255.0
QUARTER_TURNS = np.array([[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]], np.float64)


@dataclass(frozen=True)
class Distortions:
    """What becomes of each photograph of an epoch, by its place in it.

    Attributes:
        linear: From a place in the new photograph to the place in the old one whose colour it takes,
            both as x and y from the centre; shape (photographs, 2, 2).
        shift: Added to that, as a share of the side; x and y, shape (photographs, 2).
        brightness: Added to each colour, as a share of white; shape (photographs,).
        contrast: By which a colour's distance to the photograph's mean grows, relative; shape (photographs,).
    """

    linear: NDArray[np.float32]
    shift: NDArray[np.float32]
    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]

    def apply(self, images: Any, places: Any) -> Any:
        """Return a batch of photographs, distorted; as `batches` wants it.

        What lies beyond an edge is the photograph mirrored at it. Flips and quarter turns alone leave
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


def draw(augment: Augment, count: int, *, seed: int, epoch: int) -> Distortions:
    """Draw what becomes of each photograph of an epoch.

    Each has draws of its own for everything, whatever is in use: a changed parameter leaves the others' draws.

    Args:
        augment: How far they may go; all draws are uniform.
        count: Photographs of the epoch.
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
    return Distortions(
        linear=linear.astype(np.float32),
        shift=(augment.shift * shift).astype(np.float32),
        brightness=(augment.brightness * brightness).astype(np.float32),
        contrast=(augment.contrast * contrast).astype(np.float32),
    )
