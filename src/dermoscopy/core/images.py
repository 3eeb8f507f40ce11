"""The one way to decode and resize a image.

The pixels are taken as they are stored: an orientation in EXIF turns nothing (a lesion has no upside,
and its published mask fits the stored pixels), and no colour profile is applied.
"""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Whatever the file is called. Pillow's other decoders are of no use here, and some start programs.
FORMATS = ("JPEG", "PNG")

# Verification holds to data.limits.pixels before it decodes; Pillow's own limit would warn, or stop a later stage.
Image.MAX_IMAGE_PIXELS = None

# What Pillow thinks of a image's EXIF does not matter here.
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")


def open_image(path: Path) -> Image.Image:
    """Open a image, to be closed by a with statement; nothing but its header is read yet.

    Args:
        path: A JPEG or PNG file.

    Raises:
        UnidentifiedImageError: It is neither.
    """
    return Image.open(path, formats=FORMATS)


def to_rgb(image: Image.Image) -> Image.Image:
    """Decode an opened image to red, green and blue.

    Grey becomes three equal channels, CMYK is taken for ink as Adobe stores it (inverted), a palette
    is looked up, and transparency is ignored.

    Args:
        image: Of 8 bits a channel at most; verification refuses more, which Pillow would cut.
    """
    # In one step, Pillow warns of a palette with transparency.
    return (image.convert("RGBA") if image.has_transparency_data else image).convert("RGB")


def read_image(path: Path, size: int) -> NDArray[np.uint8]:
    """Decode a image and squash its whole field to a square, as the paper did.

    Args:
        path: A JPEG or PNG file.
        size: ImageSize of the square, in pixels.

    Returns:
        Red, green, blue; shape (size, size, 3), values 0 to 255.
    """
    with open_image(path) as image:
        # The decoder may skip detail that the resize would average away, never below twice the size.
        image.draft("RGB", (2 * size, 2 * size))
        resized = to_rgb(image).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(resized)
