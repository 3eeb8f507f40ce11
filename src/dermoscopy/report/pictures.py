"""Pictures inside the page: it holds all it shows."""

import base64
from io import BytesIO
from pathlib import Path

from PIL import Image

QUALITY = 82


def data_uri(path: Path, width: int) -> str | None:
    """Return a picture as a data URI, made smaller if it is wider than `width` pixels.

    Returns:
        A JPEG; None where there is no such file.
    """
    if not path.exists():
        return None
    with Image.open(path) as image:
        picture = image.convert("RGB")
    if picture.width > width:
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    picture.save(buffer, format="JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
