"""The whole archive is verified before anything is built on it."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from PIL import Image, UnidentifiedImageError

from dermoscopy.archive import metadata
from dermoscopy.archive.layout import IMAGE_FOLDERS, METADATA, photographs
from dermoscopy.archive.problems import Problem


def verify(archive: Path) -> list[Problem]:
    """List everything that is wrong with an archive; every photograph is decoded.

    Args:
        archive: A folder in the layout HAM10000 was published in.
    """
    paths = photographs(archive)
    problems = [Problem("folder missing", name) for name in IMAGE_FOLDERS if not (archive / name).is_dir()]
    frame = pd.DataFrame()
    try:
        frame = metadata.read_text(archive / METADATA)
    except FileNotFoundError:
        problems.append(Problem("table missing", METADATA))
    except ValueError as error:
        problems.append(Problem("table that cannot be read", METADATA, str(error).strip()))
    else:
        problems += metadata.check(frame)
    if "image_id" in frame:
        problems += match(frame["image_id"].tolist(), [path.stem for path in paths])
    with ThreadPoolExecutor() as pool:  # Pillow lets go of the interpreter while it decodes
        problems += [problem for problem in pool.map(decode, paths) if problem]
    return problems


def match(rows: Sequence[str], stems: Sequence[str]) -> list[Problem]:
    """List rows without a photograph, photographs without a row, and photographs in both folders.

    Args:
        rows: The table's image_ids; empty ones are another check's affair.
        stems: The photographs' file names without their ending.
    """
    here, wanted = Counter(stems), set(rows) - {""}
    return [
        *(Problem("photograph in both folders", name) for name, times in sorted(here.items()) if times > 1),
        *(Problem("row without a photograph", name) for name in sorted(wanted - here.keys())),
        *(Problem("photograph without a row", name) for name in sorted(here.keys() - wanted)),
    ]


def decode(path: Path) -> Problem | None:
    """Return what is wrong with a photograph's file, if anything is."""
    if path.stat().st_size == 0:
        return Problem("photograph of zero bytes", path.stem)
    try:
        with Image.open(path) as image:
            image.load()
    # A spoilt file makes Pillow's decoders raise nearly anything.
    except Exception as error:
        detail = "not an image" if isinstance(error, UnidentifiedImageError) else str(error)
        return Problem("photograph that cannot be decoded", path.stem, detail)
    return None
