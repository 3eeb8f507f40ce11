"""What HAM10000 looks like as published: two folders of images and a table.

The dataset's own table, as it is written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

IMAGE_FOLDERS = ("HAM10000_images_part_1", "HAM10000_images_part_2")
METADATA = "HAM10000_metadata.csv"
COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")


def list_images(dataset: Path) -> list[Path]:
    """List the images of both folders, sorted by folder and name; a missing folder has none."""
    return [path for folder in IMAGE_FOLDERS for path in sorted((dataset / folder).glob("*.jpg")) if path.is_file()]


SEPARATORS = ",;\t"
ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}"  # a file's name has 255 characters, and copies and masks add to it
UNKNOWN = ("", "na", "nan", "none", "null")  # as programs write an age that is not known, in either case


class Written(NamedTuple):
    """A table as it is written.

    Attributes:
        frame: Every field a string, a missing one empty; the index is the line in the file.
        ragged: Lines of more or fewer fields than the first, by their number; not in the frame.
    """

    frame: pd.DataFrame
    ragged: dict[int, list[str]]


def read_text(path: Path) -> Written:
    """Read the table as it is written.

    A byte-order mark, the separators of a spreadsheet, empty lines and separators too many at a line's end are
    accepted.

    Raises:
        FileNotFoundError: There is no such file.
        UnicodeDecodeError: It is not UTF-8.
        ValueError: It is not a table.
    """
    import pandas as pd

    text = path.read_bytes().decode("utf-8-sig")
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
    return Written(pd.DataFrame.from_dict(whole, orient="index", columns=header, dtype=str), ragged)


def read_valid(path: Path, left_out: Collection[str]) -> pd.DataFrame:
    """Read the sound rows of a table that acquire let pass.

    Args:
        path: The table, as published.
        left_out: image_id of the rows that verification left out. Rows that no such id names, ragged ones and
            those without a well-formed image_id, are never read.

    Returns:
        The published columns, sorted by image_id; age in years, missing where it is not known.
    """
    import pandas as pd

    frame = read_text(path).frame[list(COLUMNS)]
    frame = frame[frame["image_id"].str.fullmatch(ID) & ~frame["image_id"].isin(list(left_out))]
    frame = frame.sort_values("image_id", ignore_index=True)
    known = ~is_unknown(frame["age"])
    return frame.assign(age=pd.to_numeric(frame["age"].where(known)).astype("float64"))


def is_unknown(ages: pd.Series[str]) -> pd.Series[bool]:
    """Return which ages are written as not known."""
    return ages.str.strip().str.lower().isin(UNKNOWN)


DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
