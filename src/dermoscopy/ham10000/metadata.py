"""The published format of HAM10000: two folders of images and a table of metadata."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dermoscopy.core.tables import DATASET
from dermoscopy.ham10000.words import normalize

if TYPE_CHECKING:
    import pandas as pd

IMAGE_FOLDERS = ("HAM10000_images_part_1", "HAM10000_images_part_2")
METADATA = "HAM10000_metadata.csv"
COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")  # a table may also have DATASET


def list_images(dataset: Path) -> list[Path]:
    """List the JPEG files of both folders, sorted by folder and name; a missing folder counts as empty."""
    return [path for folder in IMAGE_FOLDERS for path in sorted((dataset / folder).glob("*.jpg")) if path.is_file()]


SEPARATORS = ",;\t"
ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}"  # a file name has at most 255 characters; augmented images and masks add some


class RawTable(NamedTuple):
    """A table as read, not validated.

    Attributes:
        frame: Fields as strings, empty if missing; the index is the line number in the file.
        ragged: Line number to fields, for lines with more or fewer fields than the header; they are not in `frame`.
    """

    frame: pd.DataFrame
    ragged: dict[int, list[str]]


def read_raw(path: Path) -> RawTable:
    """Read the table in a file without validating it.

    Raises:
        FileNotFoundError: The file is missing.
        UnicodeDecodeError: The file is not UTF-8.
        ValueError: The file is not a table.
    """
    return parse(path.read_bytes())


def parse(content: bytes) -> RawTable:
    """Read the bytes of a table without validating it.

    A byte-order mark, a semicolon or tab as separator, empty lines and extra separators at the end of a line are
    accepted.

    Raises:
        UnicodeDecodeError: The bytes are not UTF-8.
        ValueError: They are not a table.
    """
    import pandas as pd

    text = content.decode("utf-8-sig")
    separator = max(SEPARATORS, key=text.lstrip().partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines = {}
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                lines[reader.line_num] = fields
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    if not lines:
        raise ValueError("it is empty")
    header = lines.pop(min(lines))
    width = len(header)
    ragged = {number: fields for number, fields in lines.items() if len(fields) < width or any(fields[width:])}
    whole = {number: fields[:width] for number, fields in lines.items() if number not in ragged}
    return RawTable(pd.DataFrame.from_dict(whole, orient="index", columns=header, dtype=str), ragged)


def read_valid(path: Path, left_out: Collection[str]) -> pd.DataFrame:
    """Read the valid rows of a table that the acquire stage has verified.

    Args:
        path: The table in the published format.
        left_out: image_id of the rows that verification left out. Rows with a wrong number of fields or an invalid
            image_id are left out too.

    Returns:
        Rows with the published columns (`DATASET` only if the table has it) and words (`words.normalize`), one for
        each image_id and sorted by it; age in years, NaN if unknown.
    """
    frame = read_raw(path).frame
    frame = frame[[*COLUMNS, *([DATASET] if DATASET in frame else [])]]
    frame = frame[frame["image_id"].str.fullmatch(ID) & ~frame["image_id"].isin(list(left_out))]
    frame = normalize(frame.drop_duplicates("image_id").sort_values("image_id", ignore_index=True))
    return frame.assign(age=frame["age"].replace("", "nan").astype("float64"))
