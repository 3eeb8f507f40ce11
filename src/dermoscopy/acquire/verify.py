"""Verify the copied dataset: its table, the match of rows and images, and every image and mask."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from threading import Semaphore
from typing import Literal, TypeVar

import pandas as pd
from PIL import Image, UnidentifiedImageError

from dermoscopy.acquire.jpeg import MAX_SCANS, find_damage, has_too_many_scans, missing_rows
from dermoscopy.acquire.params import Limits
from dermoscopy.acquire.schema import check_table
from dermoscopy.core.files import sha256
from dermoscopy.core.images import FORMATS, open_image, to_rgb
from dermoscopy.core.progress import track
from dermoscopy.ham10000 import metadata
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA, list_images
from dermoscopy.ham10000.problems import Outcome, Problem, left_out_images
from dermoscopy.ham10000.words import DIAGNOSES, normalize

# A PNG file starts with its signature and the header chunk, whose byte 24 is the bit depth.
PNG_SIGNATURE, PNG_DEPTH = b"\x89PNG\r\n\x1a\n", 24
MODES = {"1": "black and white", "L": "grey", "P": "palette", "CMYK": "CMYK"}


def check_image(path: Path, pixels: int, what: Literal["image", "mask"] = "image") -> Problem | None:
    """Decode an image as training does, or a mask, and return its problem; see `decode_image`."""
    return decode_image(path, pixels, what)[0]


def decode_image(
    path: Path, pixels: int, what: Literal["image", "mask"] = "image"
) -> tuple[Problem | None, Image.Image | None]:
    """Decode an image as training does, or a mask, and return its problem and its pixels.

    Args:
        path: Path of the file; an image's file is named after its image_id.
        pixels: Largest number of pixels; a larger image is refused by its header, without decoding.
        what: Whether the file is an image or a mask. A mask's problem concerns no image, and any colours are valid.

    Returns:
        A problem with outcome "left out", one with outcome "kept" (the image is converted, or the mask has no outline),
        or None; and the image in RGB, None if it is left out.
    """

    def problem(kind: str, detail: str = "", outcome: Outcome = "left out") -> Problem:
        return Problem(kind, path.stem, detail, (path.stem,) if what == "image" else (), outcome)

    with path.open("rb") as file:
        start = file.read(PNG_DEPTH + 1)
    if not start:
        return problem(f"{what} of zero bytes"), None
    # Pillow reports 16 bits for grey PNGs only; it converts colour PNGs to 8 bits without a warning.
    if start.startswith(PNG_SIGNATURE) and start[PNG_DEPTH:] == bytes([16]):
        return problem(f"{what} with 16 bits per channel"), None
    try:
        with open_image(path) as image, _memory_for(image):
            if image.width * image.height > pixels:
                detail = f"{image.width} x {image.height} pixels"
                return problem(f"{what} larger than data.limits.pixels", detail), None
            if image.format == "JPEG" and has_too_many_scans(path.read_bytes()):
                return problem(f"JPEG of more than {MAX_SCANS} scans"), None
            decoded = to_rgb(image)
            if damage := _damage(path, image.format):
                return problem(f"damaged {what}", damage), None
            if what == "mask":
                low, high = decoded.convert("L").getextrema()
                empty = problem("mask without an outline, not drawn", f"all {low}", "kept") if low == high else None
                return empty, decoded
            if rows := missing_rows(decoded):
                return problem("damaged image", rows), None
            if image.has_transparency_data:
                return problem("image with transparency, which is ignored", outcome="kept"), decoded
            if image.mode != "RGB":
                return problem(f"{MODES[image.mode]} image, converted to RGB", outcome="kept"), decoded
            return None, decoded
    except UnidentifiedImageError:
        return problem("file that is not an image", f"neither {' nor '.join(FORMATS)}"), None
    # Pillow's decoders raise many kinds of errors for damaged files.
    except Exception as error:
        reason = str(error) or type(error).__name__
        kind = f"truncated {what}" if "truncated" in reason.lower() else f"{what} that cannot be decoded"
        return problem(kind, reason), None


LARGE = 4_000_000  # pixels; HAM10000's images have 270,000
_large_images = Semaphore(2)


def _memory_for(image: Image.Image) -> AbstractContextManager[object]:
    """Let only two threads decode a large image at the same time: one of 25 million pixels takes 150 MB."""
    return _large_images if image.width * image.height > LARGE else nullcontext()


def _damage(path: Path, file_format: str | None) -> str:
    """Return what is damaged in an image that can be decoded; empty if nothing is found."""
    if file_format != "PNG":
        return find_damage(path.read_bytes())
    with open_image(path) as image:
        try:
            image.verify()  # checksums, which Pillow does not read when it decodes
        except SyntaxError:
            return "a checksum is wrong"
    return ""


T = TypeVar("T")


def verify(dataset: Path, limits: Limits) -> list[Problem]:
    """List all problems of a dataset; every image is decoded.

    Args:
        dataset: Folder in the published layout of HAM10000.
        limits: Block `data.limits` of params.yaml.

    Returns:
        All problems; a fatal one is among them if no valid image is left.
    """
    paths = list_images(dataset)
    frame, problems = read_table(dataset / METADATA)
    folders = [name for name in IMAGE_FOLDERS if not (dataset / name).is_dir()]
    image_ids = [path.stem for path in paths]
    problems += match_rows_and_images(frame["image_id"].tolist(), left_out_images(problems), image_ids, folders)
    decoding_problems, checksums = decode_images(paths, limits.pixels)
    diagnoses = dict(zip(frame["image_id"], frame["dx"], strict=True))
    problems += decoding_problems + same_bytes_problems(checksums, diagnoses)

    valid = set(frame["image_id"]) - left_out_images(problems) - {""}
    if not valid and all(problem.outcome != "fatal" for problem in problems):
        problems.append(Problem("no valid image is left", f"0 of {len(paths):,}", outcome="fatal"))
    return problems


def read_table(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read the dataset's table and list all its problems.

    Args:
        path: Path of the table; it may be missing.

    Returns:
        Columns `image_id` and `dx` of all rows, valid or not (no rows if a problem is fatal), and the problems.
    """
    empty = pd.DataFrame({"image_id": [], "dx": []}, dtype=str)

    def fatal(kind: str, detail: str = "") -> tuple[pd.DataFrame, list[Problem]]:
        return empty, [Problem(kind, path.name, detail, outcome="fatal")]

    try:
        frame, ragged = metadata.read_raw(path)
    except FileNotFoundError:
        return fatal("table missing")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return fatal("table that is not UTF-8", f"byte {error.object[error.start]:#04x} in line {line}")
    except ValueError as error:
        return fatal("table that cannot be read", str(error))

    problems = check_table(frame)
    if any(problem.outcome == "fatal" for problem in problems):
        return empty, problems
    if frame.empty and not ragged:
        return fatal("table without rows")
    position = list(frame.columns).index("image_id")
    for line, fields in ragged.items():
        images = tuple(filter(None, fields[position : position + 1]))
        detail = f"{len(fields)} instead of {len(frame.columns)}"
        problems.append(Problem("line with too many or too few fields", f"line {line}", detail, images))
    return normalize(frame)[["image_id", "dx"]], problems


def match_rows_and_images(
    rows: Sequence[str], reported: Collection[str], image_ids: Sequence[str], missing: Sequence[str]
) -> list[Problem]:
    """List rows without an image, images without a row, and images in both folders.

    Args:
        rows: image_ids of the table; empty if there is no table.
        reported: image_ids of rows with problems that are already reported.
        image_ids: image_ids of the images found.
        missing: Names of missing folders; they are reported in place of the rows without an image.
    """
    counts = Counter(image_ids)
    problems = [
        Problem("image in both folders", name, "", (name,)) for name, count in sorted(counts.items()) if count > 1
    ]
    without_image = sorted({name for name in rows if re.fullmatch(metadata.ID, name)} - counts.keys())
    if missing and (without_image or not rows):
        detail = f"{len(without_image):,} rows without an image" if rows else ""
        problems += [Problem("folder missing", folder, detail, tuple(without_image)) for folder in missing]
    else:
        problems += [Problem("row without an image", name, "", (name,)) for name in without_image]
    if rows or reported:
        without_row = sorted(counts.keys() - set(rows) - set(reported))
        problems += [Problem("image without a row", name, "", (name,)) for name in without_row]
    return problems


def decode_images(paths: Sequence[Path], pixels: int) -> tuple[list[Problem], dict[str, str]]:
    """Decode images in parallel.

    Args:
        paths: Paths of the images.
        pixels: Largest number of pixels of an image.

    Returns:
        The images' problems, and the SHA-256 by image_id of the images that can be used.
    """

    def check(path: Path) -> tuple[Problem | None, str]:
        problem = check_image(path, pixels)
        return problem, sha256(path) if problem is None or problem.outcome == "kept" else ""

    problems, checksums = [], {}
    for path, (problem, checksum) in _in_parallel(check, paths, "Verifying images"):
        if problem:
            problems.append(problem)
        if checksum:
            checksums[path.stem] = checksum
    return problems, checksums


def drop_masks(folder: Path, pixels: int) -> list[Problem]:
    """Delete the masks that cannot be decoded, and list them and those without an outline; their images stay.

    Args:
        folder: Folder of the masks; it may be missing.
        pixels: Largest number of pixels of a mask.
    """
    problems = []
    check = partial(check_image, pixels=pixels, what="mask")
    for path, problem in _in_parallel(check, sorted(folder.glob("*.png")), "Verifying masks"):
        if problem:
            problems.append(problem)
            if problem.outcome == "left out":
                path.unlink()
    return problems


def _in_parallel(check: Callable[[Path], T], paths: Sequence[Path], title: str) -> Iterator[tuple[Path, T]]:
    """Yield each path with the result of its check; the checks run in several threads."""
    with ThreadPoolExecutor() as pool:  # Pillow and hashlib release the interpreter lock
        yield from track(zip(paths, pool.map(check, paths), strict=True), title, len(paths))


def same_bytes_problems(checksums: Mapping[str, str], diagnoses: Mapping[str, str]) -> list[Problem]:
    """List images that are identical under several ids; they are kept if they have a single diagnosis.

    Args:
        checksums: SHA-256 by image_id.
        diagnoses: dx by image_id; images of an unknown dx are ignored here, as they are already reported.
    """
    by_checksum = defaultdict(list)
    for image_id, checksum in sorted(checksums.items()):
        if diagnoses.get(image_id) in DIAGNOSES:
            by_checksum[checksum].append(image_id)
    problems = []
    for images in filter(lambda images: len(images) > 1, by_checksum.values()):
        found = sorted({diagnoses[image_id] for image_id in images})
        name = " = ".join(images)
        if len(found) == 1:
            problems.append(Problem("same bytes under several image_ids", name, "", tuple(images), "kept"))
        else:
            problems.append(Problem("same bytes under several diagnoses", name, ", ".join(found), tuple(images)))
    return problems
