"""Random augmentation of the training images of an epoch, on 8-bit images while they are read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.params import Augment
from dermoscopy.networks.views import view_image, view_number

WHITE = 255.0
LEVELS = np.arange(256, dtype=np.float64)


@dataclass(frozen=True)
class Augmentations:
    """Augmentation of each image of an epoch, in the order of the epoch.

    Attributes:
        views: Turned or mirrored view of the image, see `networks.views`, shape (images,).
        scale: Factor by which the middle of the view is enlarged, shape (images,).
        shift: Place of the view from which the centre is taken, x and y from its own centre, as a fraction of width and
            height, shape (images, 2).
        brightness: Value that is added to each colour, as a fraction of white, shape (images,).
        contrast: Relative change of each colour's difference to the mean of the image, shape (images,).
    """

    views: NDArray[np.int64]
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    brightness: NDArray[np.float64]
    contrast: NDArray[np.float64]

    def apply(self, images: NDArray[np.uint8], positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Augment a batch of images, as the argument `augment` of `batches`.

        Beyond its edges, an image is mirrored. Places are rounded to whole pixels of the original, and colours to
        whole numbers from 0 to 255.

        Args:
            images: Images, shape (batch, image_size, image_size, 3).
            positions: Positions of the images in the epoch, from 0, shape (batch,).

        Returns:
            Augmented images of the same shape and type.
        """
        import cv2

        # The images of a batch are small, and the cores have work: threads of OpenCV would only get in the way.
        cv2.setNumThreads(1)
        augmented = np.empty_like(images)
        for number, position in enumerate(positions):
            image: Any = self._moved(images[number], position)
            levels = self._levels(image, position)
            augmented[number] = image if levels is None else cv2.LUT(image, levels)
        return augmented

    def _moved(self, image: Any, position: int) -> Any:
        import cv2

        image = view_image(image, int(self.views[position]))
        scale, shift, size = self.scale[position], self.shift[position], len(image)
        if scale == 1 and not shift.any():
            return image
        # A square of whole pixels that is resized: three times as fast as an affine transformation.
        side = max(round(size / scale), 1)
        left, top = (round(size / 2 + size * offset - size / scale / 2) for offset in shift)
        above, below, before, behind = (max(n, 0) for n in (-top, top + side - size, -left, left + side - size))
        if above or below or before or behind:
            image = cv2.copyMakeBorder(image, above, below, before, behind, cv2.BORDER_REFLECT)
            left, top = left + before, top + above
        return cv2.resize(image[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_LINEAR)

    def _levels(self, image: Any, position: int) -> NDArray[np.uint8] | None:
        """Return the new value of each colour value, shape (256,); None if they stay."""
        import cv2

        brightness, contrast = self.brightness[position], self.contrast[position]
        if brightness == 0 and contrast == 0:
            return None
        mean = sum(cv2.mean(image)) / 3
        # Brightness also shifts the mean, which contrast then keeps.
        changed = LEVELS * (1 + contrast) + (WHITE * brightness - contrast * mean)
        levels: NDArray[np.uint8] = np.rint(changed.clip(0, WHITE)).astype(np.uint8)
        return levels


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
    crop, place = random.random(count), random.uniform(-1, 1, (count, 2))
    left_out = augment.crop * crop
    horizontal, vertical = (flips < augment.flip).T
    return Augmentations(
        views=view_number(turns * augment.quarter_turns, horizontal, vertical),
        scale=(1 + augment.zoom * zoom) / (1 - left_out),
        shift=augment.shift * shift + left_out[:, np.newaxis] / 2 * place,
        brightness=augment.brightness * brightness,
        contrast=augment.contrast * contrast,
    )
