"""The eight views of an image: turned by 0 to 270 degrees, mirrored or not. They only move pixels."""

import numpy as np
from numpy.typing import NDArray

QUARTER_TURNS = 4
VIEWS = 2 * QUARTER_TURNS  # view 0 is the image itself


def view_numbers(
    turns: NDArray[np.int64], horizontal: NDArray[np.bool_], vertical: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the views that images have after quarter turns, then flips.

    Args:
        turns: Number of quarter turns counterclockwise, 0 to 3, shape (images,).
        horizontal: Whether left and right change places, shape (images,).
        vertical: Whether top and bottom change places, shape (images,).

    Returns:
        Numbers from 0 to 7: quarter turns, plus 4 if mirrored; shape (images,).
    """
    # A vertical flip is a horizontal one after a half turn.
    numbers: NDArray[np.int64] = (turns + 2 * vertical) % QUARTER_TURNS + QUARTER_TURNS * (horizontal != vertical)
    return numbers


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
    if view == 0:
        return images
    seen = np.empty_like(images)
    for number, image in enumerate(images):
        seen[number] = view_image(image, view)
    return seen
