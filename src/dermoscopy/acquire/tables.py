"""Read the tables of a source: the ids of the images, and whether several tables have the same content."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dermoscopy.acquire.entries import Entry
from dermoscopy.acquire.zips import Allowance, MemberError, UnpackedTooMuchError, read_member
from dermoscopy.core.errors import first_few
from dermoscopy.core.tables import UNKNOWN
from dermoscopy.ham10000.metadata import COLUMNS, parse
from dermoscopy.ham10000.problems import Problem, printable
from dermoscopy.ham10000.words import normalize

if TYPE_CHECKING:
    import pandas as pd

MAX_SIZE = 100_000_000  # bytes of a table; HAM10000: 690,000
MAX_HEADER = 10_000  # bytes
UNREADABLE = (MemberError, UnpackedTooMuchError, OSError, ValueError)


def read_bytes(entry: Entry) -> bytes:
    """Return the content of a table.

    Raises:
        MemberError: It is in a zip and cannot be unpacked.
        UnpackedTooMuchError: It is in a zip and too large.
        OSError: The file or zip cannot be read.
    """
    if entry.member is None:
        return entry.path.read_bytes()
    with zipfile.ZipFile(entry.path) as archive:
        return b"".join(read_member(archive, entry.member, Allowance(MAX_SIZE)))


def image_ids(tables: Sequence[Entry]) -> set[str]:
    """Return the image_ids of the first table; none if there is no table, or it cannot be read."""
    try:
        return set(parse(read_bytes(tables[0])).frame["image_id"])
    except (*UNREADABLE, LookupError):
        return set()


def read_header(entry: Entry) -> set[str]:
    """Return the names of the columns of any table in lower case; none if it cannot be read."""
    try:
        header = read_bytes(entry)[:MAX_HEADER].decode("utf-8-sig", errors="replace").partition("\n")[0]
    except UNREADABLE:
        return set()
    return {name.strip().strip('"').lower() for name in re.split("[,;\t]", header)}


def compare_tables(tables: Sequence[Entry]) -> list[Problem]:
    """List the tables whose content differs from that of the first.

    The order of rows, other columns, separators and the form of words and ages do not count.

    Args:
        tables: Entries of the table, under any of its names.
    """
    problems = []
    for other in tables[1:]:
        difference = _difference(tables[0], other)
        if difference:
            names = " and ".join(_path(entry) for entry in (tables[0], other))
            problems.append(Problem("tables that differ: keep the right one only", names, difference, outcome="fatal"))
    return problems


def _difference(first: Entry, second: Entry) -> str:
    contents = []
    for entry in (first, second):
        try:
            contents.append(read_bytes(entry))
        except UNREADABLE as error:
            reason = ", ".join(map(str, error.args)) or f"more than {MAX_SIZE:,} bytes"
            return f"{_path(entry)} cannot be read: {reason}"
    if contents[0] == contents[1]:
        return ""
    frames = []
    for entry, content in zip((first, second), contents, strict=True):
        try:
            frames.append(_comparable(content))
        except ValueError as error:
            return f"{_path(entry)} cannot be read as a table: {error}"
    left, right = frames
    only = {_path(first): left.index.difference(right.index), _path(second): right.index.difference(left.index)}
    found = [f"{_rows(ids)} only in {name}: {_few(ids)}" for name, ids in only.items() if len(ids)]
    common = left.index.intersection(right.index)
    for column in left.columns:
        values = left.loc[common, column].compare(right.loc[common, column])
        if len(values):
            pairs = [f"{row.Index} {row.self!r} and {row.other!r}" for row in values.itertuples()]
            found.append(f"{_rows(values)} with another {column}: {_few(pairs)}")
    return "; ".join(found)


def _comparable(content: bytes) -> pd.DataFrame:
    """Return the rows of a table by image_id, and their number if an id is repeated.

    Raises:
        ValueError: It is not a table of HAM10000.
    """
    frame = parse(content).frame
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(f"it has no column {', '.join(missing)}")
    frame = normalize(frame[list(COLUMNS)])
    frame["age"] = frame["age"].map(lambda age: f"{float(age):g}" if age else UNKNOWN)
    frame = frame.drop_duplicates()
    number = frame.groupby("image_id").cumcount().astype(str)
    names = frame["image_id"].where(number == "0", frame["image_id"] + " row " + number)
    return frame.drop(columns="image_id").set_index(names)


def _path(entry: Entry) -> str:
    return printable("/".join(entry.names) if entry.member is None else str(entry))


def _rows(rows: pd.DataFrame | pd.Index) -> str:
    return f"{len(rows):,} row{'s' if len(rows) > 1 else ''}"


def _few(names: Sequence[str] | pd.Index) -> str:
    return ", ".join(first_few([str(name) for name in names]))
