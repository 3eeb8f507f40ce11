"""The planned copies of images are made: the paper's flips, rotation, scaling, cropping, translating."""

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
    """Write the copies that the tables of the splits plan, and nothing else.

    Args:
        rows: Of the tables; those whose image_id is not their source are copies. Their folders are there.
        images: Where the originals are, of whatever split.
        params: How much a copy may differ.
        seed: With a copy's image_id, it decides how that copy differs.
        root: The project's top folder, where the tables' paths start.
    """
    copies = rows[rows["image_id"] != rows["source"]]

    def make(image_id: str, source: str, path: str) -> None:
        (root / path).write_bytes(augment_image(images / f"{source}.jpg", image_id, params, seed))

    with ThreadPoolExecutor() as pool:  # Pillow and numpy let go of the interpreter
        made = pool.map(make, copies["image_id"], copies["source"], copies["path"])
        for _ in track(made, "Making copies", len(copies)):
            pass


def augment_image(original: Path, image_id: str, params: Augment, seed: int) -> bytes:
    """Return the JPEG file of a copy, which nothing but the arguments decides.

    Args:
        original: The image.
        image_id: The copy's own.
        params: How much it may differ.
        seed: With image_id, it decides how the copy differs.
    """
    rng = np.random.default_rng([seed, *image_id.encode()])
    with open_image(original) as image:
        copy = distort(to_rgb(image), params, rng)
    file = BytesIO()
    copy.save(file, "JPEG", quality=params.quality)
    return file.getvalue()


def distort(image: Image.Image, params: Augment, rng: np.random.Generator) -> Image.Image:
    """Return a image as it might have been taken another time.

    What is asked from beyond the edges is the image's own reflection: black corners would
    tell a network which images are copies, and every copy is malignant.

    Args:
        image: The original, in RGB.
        params: How much it may differ.
        rng: What draws by how much it does.

    Returns:
        An image of the same size.
    """
    for chance, transpose in (
        (params.flip, Transpose.FLIP_LEFT_RIGHT),
        (params.flip, Transpose.FLIP_TOP_BOTTOM),
        (params.rotate, Transpose.ROTATE_180),
    ):
        if rng.random() < chance:
            image = image.transpose(transpose)

    size = np.array(image.size)
    scale = rng.uniform(1 - params.scale, 1 + params.scale)
    kept = 1 - rng.uniform(0, params.crop)
    off_centre = rng.uniform(-0.5, 0.5, 2) * (1 - kept)
    shift = rng.uniform(-params.translate, params.translate, 2)
    # All three choose a window of the original that is stretched to its size.
    centre = (0.5 + off_centre + shift) * size
    half = kept / scale / 2 * size
    low, high = centre - half, centre + half
    margin = np.ceil(np.maximum(0, np.maximum(-low, high - size))).astype(int)
    pixels = np.pad(np.asarray(image), ((margin[1],) * 2, (margin[0],) * 2, (0, 0)), mode="reflect")
    window = (*(low + margin).tolist(), *(high + margin).tolist())
    return Image.fromarray(pixels).resize(image.size, Image.Resampling.BICUBIC, box=window)
