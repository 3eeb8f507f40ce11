"""The whole dataset is verified before anything is built on it.

Whether a image, or a mask, can be decoded, and whether it is what the pipeline expects.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import pandas as pd
from PIL import UnidentifiedImageError

from dermoscopy.acquire import schema
from dermoscopy.acquire.params import Limits
from dermoscopy.core.files import sha256
from dermoscopy.core.images import FORMATS, open_image, to_rgb
from dermoscopy.core.progress import track
from dermoscopy.ham10000 import metadata
from dermoscopy.ham10000.metadata import DIAGNOSES, IMAGE_FOLDERS, METADATA, list_images
from dermoscopy.ham10000.problems import Outcome, Problem, left_out_images

# Of the PNG header that every file starts with: signature, length, "IHDR", width, height, then the depth.
PNG_SIGNATURE, PNG_DEPTH = b"\x89PNG\r\n\x1a\n", 24
MODES = {"1": "black and white", "L": "grey", "P": "palette", "CMYK": "CMYK"}


def inspect(path: Path, pixels: int, what: Literal["image", "mask"] = "image") -> Problem | None:
    """Decode a image as training does, or a mask, and return what there is to say of it.

    Args:
        path: Its file; a image's is named after its image_id.
        pixels: Width times height from which it is refused, by its header alone.
        what: It is. A problem of a mask concerns no image, and whatever its colours are, they are expected.

    Returns:
        A problem that leaves it out, one that is kept (it is converted), or None.
    """

    def problem(kind: str, detail: str = "", outcome: Outcome = "left out") -> Problem:
        return Problem(kind, path.stem, detail, (path.stem,) if what == "image" else (), outcome)

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
                return problem("image with transparency, which is ignored", outcome="kept")
            if image.mode != "RGB":
                return problem(f"{MODES[image.mode]} image, converted to RGB", outcome="kept")
    except UnidentifiedImageError:
        return problem("file that is not an image", f"neither {' nor '.join(FORMATS)}")
    # A spoilt file makes Pillow's decoders raise nearly anything.
    except Exception as error:
        reason = str(error) or type(error).__name__
        kind = f"truncated {what}" if "truncated" in reason.lower() else f"{what} that cannot be decoded"
        return problem(kind, reason)
    return None


T = TypeVar("T")


def verify(dataset: Path, limits: Limits) -> list[Problem]:
    """List everything that is wrong with an dataset; every image is decoded.

    Args:
        dataset: A folder in the layout HAM10000 was published in.
        limits: What is refused undecoded.

    Returns:
        One is fatal if nothing sound would be left.
    """
    paths = list_images(dataset)
    frame, problems = read_table(dataset / METADATA)
    folders = [name for name in IMAGE_FOLDERS if not (dataset / name).is_dir()]
    problems += match(frame["image_id"].tolist(), left_out_images(problems), [path.stem for path in paths], folders)
    decoded, hashes = decode(paths, limits.pixels)
    problems += decoded + same_bytes(hashes, dict(zip(frame["image_id"], frame["dx"], strict=True)))

    sound = set(frame["image_id"]) - left_out_images(problems) - {""}
    if not sound and all(problem.outcome != "fatal" for problem in problems):
        problems.append(Problem("no sound image is left", f"0 of {len(paths):,}", outcome="fatal"))
    return problems


def read_table(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read the dataset's table, and list everything that is wrong with it.

    Args:
        path: It may be missing.

    Returns:
        Columns `image_id` and `dx`, a row for each of the table's, sound or not; none if something is fatal.
    """
    nothing = pd.DataFrame({"image_id": [], "dx": []}, dtype=str)

    def fatal(kind: str, detail: str = "") -> tuple[pd.DataFrame, list[Problem]]:
        return nothing, [Problem(kind, path.name, detail, outcome="fatal")]

    try:
        frame, ragged = metadata.read_raw(path)
    except FileNotFoundError:
        return fatal("table missing")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return fatal("table that is not UTF-8", f"byte {error.object[error.start]:#04x} in line {line}")
    except ValueError as error:
        return fatal("table that cannot be read", str(error))

    problems = schema.check(frame)
    if any(problem.outcome == "fatal" for problem in problems):
        return nothing, problems
    if frame.empty and not ragged:
        return fatal("table without rows")
    place = list(frame.columns).index("image_id")
    for line, fields in ragged.items():
        images = tuple(filter(None, fields[place : place + 1]))
        detail = f"{len(fields)} instead of {len(frame.columns)}"
        problems.append(Problem("line with too many or too few fields", f"line {line}", detail, images))
    return frame[["image_id", "dx"]], problems


def match(rows: Sequence[str], told: Collection[str], stems: Sequence[str], missing: Sequence[str]) -> list[Problem]:
    """List rows without a image, images without a row, and images in both folders.

    Args:
        rows: The table's image_ids; none if there is no table.
        told: image_ids of rows with which something is wrong already.
        stems: The images' file names without their ending.
        missing: Folders that are not there; they stand for all rows without a image.
    """
    here = Counter(stems)
    problems = [
        Problem("image in both folders", name, "", (name,)) for name, times in sorted(here.items()) if times > 1
    ]
    alone = sorted({name for name in rows if re.fullmatch(metadata.ID, name)} - here.keys())
    if missing and (alone or not rows):
        lack = f"{len(alone):,} rows without a image" if rows else ""
        problems += [Problem("folder missing", folder, lack, tuple(alone)) for folder in missing]
    else:
        problems += [Problem("row without a image", name, "", (name,)) for name in alone]
    if rows or told:
        without = sorted(here.keys() - set(rows) - set(told))
        problems += [Problem("image without a row", name, "", (name,)) for name in without]
    return problems


def decode(paths: Sequence[Path], pixels: int) -> tuple[list[Problem], dict[str, str]]:
    """Decode images, several at a time.

    Args:
        paths: Their files.
        pixels: Of one image, at most.

    Returns:
        What there is to say of them, and image_id to sha256 of those that can be used.
    """

    def look(path: Path) -> tuple[Problem | None, str]:
        problem = inspect(path, pixels)
        return problem, sha256(path) if problem is None or problem.outcome == "kept" else ""

    problems, hashes = [], {}
    for path, (problem, digest) in _several(look, paths, "Verifying images"):
        if problem:
            problems.append(problem)
        if digest:
            hashes[path.stem] = digest
    return problems, hashes


def drop_masks(folder: Path, pixels: int) -> list[Problem]:
    """Delete the masks that cannot be decoded, and list them; their images are worth as much without.

    Args:
        folder: Holds them; may be missing.
        pixels: Of one mask, at most.
    """
    problems = []
    look = partial(inspect, pixels=pixels, what="mask")
    for path, problem in _several(look, sorted(folder.glob("*.png")), "Verifying masks"):
        if problem:
            path.unlink()
            problems.append(problem)
    return problems


def _several(look: Callable[[Path], T], paths: Sequence[Path], title: str) -> Iterator[tuple[Path, T]]:
    """Yield each path with what a look at it found; several are looked at at once."""
    with ThreadPoolExecutor() as pool:  # Pillow and hashlib let go of the interpreter
        yield from track(zip(paths, pool.map(look, paths), strict=True), title, len(paths))


def same_bytes(hashes: Mapping[str, str], diagnoses: Mapping[str, str]) -> list[Problem]:
    """List images that are one under several names: kept if they have one diagnosis.

    Args:
        hashes: image_id to sha256.
        diagnoses: image_id to dx; what has no known one has been told already.
    """
    names = defaultdict(list)
    for image_id, digest in sorted(hashes.items()):
        if diagnoses.get(image_id) in DIAGNOSES:
            names[digest].append(image_id)
    problems = []
    for images in filter(lambda images: len(images) > 1, names.values()):
        found = sorted({diagnoses[image_id] for image_id in images})
        name = " = ".join(images)
        if len(found) == 1:
            problems.append(Problem("same bytes under several image_ids", name, "", tuple(images), "kept"))
        else:
            problems.append(Problem("same bytes under several diagnoses", name, ", ".join(found), tuple(images)))
    return problems
