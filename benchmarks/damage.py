"""Damage images in nine ways and count how many the stage acquire finds, and how many undamaged ones it refuses.

python benchmarks/damage.py path/to/ham10000

Each kind damages 200 images, saved again as baseline and as progressive JPEG. For false alarms all images are examined,
as their files are and saved again as baseline. Writes docs/damage.csv.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image

from dermoscopy.acquire.jpeg import find_damage
from dermoscopy.acquire.verify import check_image

IMAGES = 200  # damaged in each way
PIXELS = 10**8
END = b"\xff\xd9"
RESULTS = Path("docs/damage.csv")


def head(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the first 20 to 90 % of a file."""
    return content[: int(len(content) * rng.uniform(0.2, 0.9))]


def overwritten(content: bytes, new: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with some bytes replaced, in the compressed data."""
    position = int(rng.integers(content.index(b"\xff\xda") + 14, len(content) - len(new) - 2))
    return content[:position] + new + content[position + len(new) :]


def saved_again(content: bytes) -> bytes:
    """Return a file as a program saves it that decodes it; unchanged if the decoder objects."""
    stream = BytesIO()
    try:
        with Image.open(BytesIO(content + END * 8)) as image:  # Pillow reads a few bytes ahead
            image.save(stream, "JPEG", quality=90)
    except OSError:
        return content
    return stream.getvalue()


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with one bit changed, in the compressed data."""
    position = int(rng.integers(content.index(b"\xff\xda") + 14, len(content) - 2))
    return content[:position] + bytes([content[position] ^ 1 << int(rng.integers(8))]) + content[position + 1 :]


DAMAGE: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "cut": head,
    "cut, end marker put back": lambda content, rng: head(content, rng) + END,
    "cut, end marker put back, saved again": lambda content, rng: saved_again(head(content, rng) + END),
    "rest zeroed": lambda content, rng: head(content, rng).ljust(len(content), b"\0"),
    "rest zeroed, end marker put back": lambda content, rng: head(content, rng).ljust(len(content) - 2, b"\0") + END,
    "512 bytes zeroed": lambda content, rng: overwritten(content, bytes(512), rng),
    "512 random bytes": lambda content, rng: overwritten(content, rng.bytes(512), rng),
    "16 random bytes": lambda content, rng: overwritten(content, rng.bytes(16), rng),
    "one bit changed": flipped,
}


def saved(path: Path, progressive: bool) -> bytes:
    """Return an image as a JPEG of the given kind."""
    stream = BytesIO()
    with Image.open(path) as image:
        image.save(stream, "JPEG", quality=90, progressive=progressive)
    return stream.getvalue()


def refused(path: Path) -> bool:
    """Return whether the stage acquire refuses an image."""
    problem = check_image(path, PIXELS)
    return problem is not None and problem.outcome == "left out"


def damaged_anew(path: Path) -> bool:
    """Return whether an image that is saved again as baseline JPEG counts as damaged."""
    return find_damage(saved(path, progressive=False)) != ""


def main() -> None:
    """Damage images, examine them and all undamaged ones, and write the counts."""
    paths = sorted(Path(sys.argv[1]).rglob("*.jpg"))
    with ThreadPoolExecutor() as pool:
        alarms = sum(pool.map(refused, paths))
    rows: list[dict[str, str | int]] = [
        {"damage": "none", "saved": "files as they are", "images": len(paths), "found": alarms}
    ]
    rows.append({"damage": "none", "saved": "baseline", "images": len(paths), "found": sum(map(damaged_anew, paths))})
    rng = np.random.default_rng(1)
    kinds = {"baseline": False, "progressive": True}
    with TemporaryDirectory() as folder:
        file = Path(folder, "image.jpg")
        for name, damage in DAMAGE.items():
            for kind, progressive in kinds.items():
                found = 0
                for number in rng.permutation(len(paths))[:IMAGES]:
                    file.write_bytes(damage(saved(paths[number], progressive), rng))
                    found += refused(file)
                rows.append({"damage": name, "saved": kind, "images": IMAGES, "found": found})
    pd.DataFrame(rows).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
