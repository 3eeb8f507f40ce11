"""Mixing of pairs of training images and of their labels: mixup and CutMix.

Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018. Yun et al., CutMix: Regularization Strategy to Train
Strong Classifiers with Localizable Features, ICCV 2019.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.params import Mix

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Mixing:
    """Mixing of each image of an epoch with another one of its batch, its partner.

    Attributes:
        proportions: Proportion of the image itself, at least 0.5 for mixup, shape (images,).
        boxes: For CutMix, the rectangle that comes from the partner: left, top, right and bottom, in pixels, shape
            (images, 4); for mixup None.
        partners: Position of the partner in the epoch, shape (images,). A single image in a batch is its own.
    """

    proportions: Floats
    boxes: NDArray[np.int64] | None
    partners: NDArray[np.int64]

    def apply(self, images: NDArray[np.uint8], positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Mix a whole batch of images, as the argument `augment` of `batches`.

        Args:
            images: Images, shape (batch, image_size, image_size, 3).
            positions: Positions of the images in the epoch, shape (batch,).

        Returns:
            Mixed images of the same shape and type.
        """
        import cv2

        partners = images[self.partners[positions] - positions[0]]
        mixed = images.copy()
        for number, position in enumerate(positions):
            if self.boxes is None:
                own = float(self.proportions[position])
                mixed[number] = cv2.addWeighted(images[number], own, partners[number], 1 - own, 0)
            else:
                left, top, right, bottom = self.boxes[position]
                mixed[number, top:bottom, left:right] = partners[number, top:bottom, left:right]
        return mixed

    def truth_and_weights(self, truth: Floats, weights: Floats | None) -> tuple[Floats, Floats | None]:
        """Return truth and sample weights of the mixed images.

        The cross-entropy is linear in the truth, so it is that of both images, each with its proportion and its weight.
        The focal loss is not linear: there the truth is a label between both.

        Args:
            truth: Truth of the images of the epoch, in order, shape (images, classes).
            weights: Their sample weights, shape (images,); None if all are 1.
        """
        fractions, total = self.proportions, None
        if weights is not None:
            own, other = self.proportions * weights, (1 - self.proportions) * weights[self.partners]
            total = own + other
            # A group may have lost all its weight, see `weights.GroupWeights`.
            fractions = np.divide(own, total, out=fractions.copy(), where=total > 0)
        of_image = fractions[:, np.newaxis]
        return of_image * truth + (1 - of_image) * truth[self.partners], total


def sample_mixing(
    mix: Mix, alpha: float, count: int, batch_size: int, image_size: int, *, seed: int, epoch: int
) -> Mixing:
    """Sample how the images of an epoch are mixed.

    Args:
        mix: Kind of mixing, not "none".
        alpha: Parameter of the beta distribution of the proportions.
        count: Number of images of the epoch.
        batch_size: Number of images per batch.
        image_size: Width and height of the images, in pixels.
        seed: Seed of the mixing.
        epoch: Number of the epoch, from 1.
    """
    random = np.random.default_rng([seed, epoch])
    proportions = random.beta(alpha, alpha, count)
    partners = _partners(random.random(count), batch_size)
    if mix == "mixup":
        # Which of two images is the first does not matter; so the image itself prevails.
        return Mixing(np.maximum(proportions, 1 - proportions).astype(np.float32), None, partners)
    centres = random.uniform(0, image_size, (count, 2))
    half = image_size * np.sqrt(1 - proportions)[:, np.newaxis] / 2
    boxes = np.rint(np.concatenate([centres - half, centres + half], axis=1)).clip(0, image_size).astype(np.int64)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return Mixing((1 - area / image_size**2).astype(np.float32), boxes, partners)


def _partners(numbers: NDArray[np.float64], batch_size: int) -> NDArray[np.int64]:
    """Return the next position in a random circle of each batch.

    Not the next image: balanced batches alternate the labels, so each image would be mixed with one of the other label.

    Args:
        numbers: Random number of each image of the epoch, shape (images,).
        batch_size: Number of images per batch.
    """
    positions = np.arange(len(numbers))
    starts = positions // batch_size * batch_size
    following = np.where(positions + 1 < np.minimum(starts + batch_size, len(numbers)), positions + 1, starts)
    circle = np.lexsort((numbers, starts))
    partners = np.empty_like(positions)
    partners[circle] = circle[following]
    return partners
