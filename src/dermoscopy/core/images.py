"""Decode and resize images.

Pixels are used as they are stored. An EXIF orientation is ignored, since a lesion has no upright position and
its published mask fits the stored pixels. No colour profile is applied.
"""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# By content, not by file name. Pillow's other decoders are not needed, and some start other programs.
FORMATS = ("JPEG", "PNG")

# Verification checks data.limits.pixels before it decodes; Pillow's own limit would warn, or stop a later stage.
Image.MAX_IMAGE_PIXELS = None

# Pillow warns of damage outside the first image: in EXIF, in a second image, in an animation. None of them is used.
warnings.filterwarnings("ignore", module=r"PIL\.(Tiff|Jpeg|Png)ImagePlugin")


def open_image(path: Path) -> Image.Image:
    """Open an image for a with statement; only its header is read.

    Args:
        path: A JPEG or PNG file.

    Raises:
        UnidentifiedImageError: The file is neither JPEG nor PNG.
    """
    return Image.open(path, formats=FORMATS)


def to_rgb(image: Image.Image) -> Image.Image:
    """Decode an opened image to RGB.

    Grey becomes three equal channels. CMYK is read as Adobe stores it (inverted). A palette is resolved.
    Transparency is ignored.

    Args:
        image: Image of at most 8 bits per channel; verification refuses more, which Pillow would truncate.
    """
    # Two steps, since Pillow warns about a palette with transparency.
    return (image.convert("RGBA") if image.has_transparency_data else image).convert("RGB")


def read_image(path: Path, size: int) -> NDArray[np.uint8]:
    """Decode an image and resize it to a square without cropping, as the paper did.

    Args:
        path: A JPEG or PNG file.
        size: Width and height of the square, in pixels.

    Returns:
        RGB values from 0 to 255; shape (size, size, 3).
    """
    with open_image(path) as image:
        # No image.draft: it is faster, but only JPEG has it, which would mark augmented images (PNG).
        resized = to_rgb(image).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(resized)
