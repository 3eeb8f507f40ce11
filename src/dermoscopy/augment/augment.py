"""Make the planned augmented images: flips, rotation, scaling, cropping and translation, as in the paper."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from dermoscopy.augment.params import Augment
from dermoscopy.core.images import open_image, to_rgb
from dermoscopy.core.progress import track

Transpose = Image.Transpose


def make_augmented(rows: pd.DataFrame, images: Path, params: Augment, seed: int, root: Path = Path()) -> None:
    """Write the augmented images that the tables of the splits plan, and no other file.

    Args:
        rows: Rows of the tables; those whose image_id differs from their source are augmented images. Their
            folders exist.
        images: Folder of the originals of all splits.
        params: Parameters of the augment stage.
        seed: Seed; with the image_id of an augmented image it decides all its changes.
        root: Top folder of the project; the paths in the tables are relative to it.
    """
    augmented = rows[rows["image_id"] != rows["source"]]

    def make(image_id: str, source: str, path: str) -> None:
        (root / path).write_bytes(augment_image(images / f"{source}.jpg", image_id, params, seed))

    with ThreadPoolExecutor() as pool:  # Pillow and numpy release the interpreter's lock
        made = pool.map(make, augmented["image_id"], augmented["source"], augmented["path"])
        for _ in track(made, "Making augmented images", len(augmented)):
            pass


def augment_image(original: Path, image_id: str, params: Augment, seed: int) -> bytes:
    """Return the JPEG file of an augmented image, which depends on the arguments only.

    Args:
        original: File of the original.
        image_id: Id of the augmented image.
        params: Parameters of the augment stage.
        seed: Seed; with image_id it decides all changes.
    """
    rng = np.random.default_rng([seed, *image_id.encode()])
    with open_image(original) as image:
        augmented = distort(to_rgb(image), params, rng)
    file = BytesIO()
    augmented.save(file, "JPEG", quality=params.quality)
    return file.getvalue()


def distort(image: Image.Image, params: Augment, rng: np.random.Generator) -> Image.Image:
    """Return an image flipped, rotated, scaled, cropped and translated at random.

    Pixels beyond the edges are the image's own reflection. Black corners would mark augmented images for
    a network, and every augmented image is malignant.

    Args:
        image: The original, in RGB.
        params: Probabilities and largest changes.
        rng: Random generator of the changes.

    Returns:
        An image of the same size.
    """
    for probability, transpose in (
        (params.flip, Transpose.FLIP_LEFT_RIGHT),
        (params.flip, Transpose.FLIP_TOP_BOTTOM),
        (params.rotate, Transpose.ROTATE_180),
    ):
        if rng.random() < probability:
            image = image.transpose(transpose)

    size = np.array(image.size)
    scale = rng.uniform(1 - params.scale, 1 + params.scale)
    kept = 1 - rng.uniform(0, params.crop)
    off_centre = rng.uniform(-0.5, 0.5, 2) * (1 - kept)
    shift = rng.uniform(-params.translate, params.translate, 2)
    # Scaling, cropping and translation together choose a window of the original, which is resized to its size.
    centre = (0.5 + off_centre + shift) * size
    half = kept / scale / 2 * size
    low, high = centre - half, centre + half
    margin = np.ceil(np.maximum(0, np.maximum(-low, high - size))).astype(int)
    pixels = np.pad(np.asarray(image), ((margin[1],) * 2, (margin[0],) * 2, (0, 0)), mode="reflect")
    window = (*(low + margin).tolist(), *(high + margin).tolist())
    return Image.fromarray(pixels).resize(image.size, Image.Resampling.BICUBIC, box=window)
