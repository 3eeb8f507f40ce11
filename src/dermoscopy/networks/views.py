"""The eight views of an image: turned by 0 to 270 degrees, mirrored or not. They only move pixels."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from dermoscopy.networks.params import Training

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUARTER_TURNS = 4
VIEWS = 2 * QUARTER_TURNS  # view 0 is the image itself


def view_number(turns: Any, horizontal: Any, vertical: Any) -> Any:
    """Return the view that an image has after quarter turns, then flips.

    Args:
        turns: Number of quarter turns counterclockwise, 0 to 3; or an array of them.
        horizontal: Whether left and right change places; or an array of the same shape.
        vertical: Whether top and bottom change places; or an array of the same shape.

    Returns:
        Number from 0 to 7: quarter turns, plus 4 if mirrored; or an array of them.
    """
    # A vertical flip is a horizontal one after a half turn.
    return (turns + 2 * vertical) % QUARTER_TURNS + QUARTER_TURNS * (horizontal != vertical)


def constant_views(training: Training) -> list[int] | None:
    """Return the views that training images have in all epochs; None if they also change in other ways.

    Args:
        training: Parameters of the training: `augment` and `mix`.
    """
    augment = training.augment
    if training.mix != "none" or any(augment.model_dump(exclude={"flip", "quarter_turns"}).values()):
        return None
    turns = range(QUARTER_TURNS if augment.quarter_turns else 1)
    flips = [False, True] if augment.flip else [False]
    return sorted({view_number(*combination) for combination in product(turns, flips, flips)})


def view_image(image: NDArray[np.uint8], view: int) -> NDArray[np.uint8]:
    """Return a view of an image; view 0 is the same array.

    Args:
        image: Image, shape (image_size, image_size, 3).
        view: Number of the view, 0 to 7.
    """
    import cv2

    rotations = (None, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)
    rotation = rotations[view % QUARTER_TURNS]
    turned = image if rotation is None else cv2.rotate(image, rotation)
    return cv2.flip(turned, 1) if view >= QUARTER_TURNS else turned  # type: ignore[return-value]


def view_images(images: NDArray[np.uint8], view: int) -> NDArray[np.uint8]:
    """Return a view of each image; view 0 is the same array.

    Args:
        images: Images, shape (images, image_size, image_size, 3).
        view: Number of the view, 0 to 7.
    """
    import numpy as np

    if view == 0:
        return images
    seen = np.empty_like(images)
    for number, image in enumerate(images):
        seen[number] = view_image(image, view)
    return seen
