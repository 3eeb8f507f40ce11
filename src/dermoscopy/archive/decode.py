"""Whether a photograph, or a mask, can be decoded, and whether it is what the pipeline expects."""

from pathlib import Path
from typing import Literal

from PIL import UnidentifiedImageError

from dermoscopy.archive.problems import Outcome, Problem
from dermoscopy.images import FORMATS, open_image, to_rgb

# Of the PNG header that every file starts with: signature, length, "IHDR", width, height, then the depth.
PNG_SIGNATURE, PNG_DEPTH = b"\x89PNG\r\n\x1a\n", 24
MODES = {"1": "black and white", "L": "grey", "P": "palette", "CMYK": "CMYK"}


def inspect(path: Path, pixels: int, what: Literal["photograph", "mask"] = "photograph") -> Problem | None:
    """Decode a photograph as training does, or a mask, and return what there is to say of it.

    Args:
        path: Its file; a photograph's is named after its image_id.
        pixels: Width times height from which it is refused, by its header alone.
        what: It is. A problem of a mask concerns no photograph, and whatever its colours are, they are expected.

    Returns:
        A problem that leaves it out, one that is kept (it is converted), or None.
    """

    def problem(kind: str, detail: str = "", outcome: Outcome = "left out") -> Problem:
        return Problem(kind, path.stem, detail, (path.stem,) if what == "photograph" else (), outcome)

    with path.open("rb") as file:
        start = file.read(PNG_DEPTH + 1)
    if not start:
        return problem(f"{what} of zero bytes")
    # Pillow says so of grey PNGs only; colour it cuts to 8 bits.
    if start.startswith(PNG_SIGNATURE) and start[PNG_DEPTH:] == bytes([16]):
        return problem(f"{what} of 16 bits a channel")
    try:
        with open_image(path) as image:
            if image.width * image.height > pixels:
                return problem(f"{what} larger than data.limits.pixels", f"{image.width} x {image.height} pixels")
            to_rgb(image)
            if what == "mask":
                return None
            if image.has_transparency_data:
                return problem("photograph with transparency, which is ignored", outcome="kept")
            if image.mode != "RGB":
                return problem(f"{MODES[image.mode]} photograph, converted to RGB", outcome="kept")
    except UnidentifiedImageError:
        return problem("file that is not an image", f"neither {' nor '.join(FORMATS)}")
    # A spoilt file makes Pillow's decoders raise nearly anything.
    except Exception as error:
        reason = str(error) or type(error).__name__
        kind = f"truncated {what}" if "truncated" in reason.lower() else f"{what} that cannot be decoded"
        return problem(kind, reason)
    return None
