"""What the audit looks at: the tables as they stand, the files as they lie, what their contents have in common."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dermoscopy.archive.duplicates import find_duplicates
from dermoscopy.archive.hashes import sha256_all
from dermoscopy.archive.near import perceptual_hashes
from dermoscopy.tables.duplicates import DUPLICATES
from dermoscopy.tables.parts import PART, PARTS

# What a desktop leaves in folders it shows: no photograph, and no stage reads what no table lists.
JUNK = (".DS_Store", "._*", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Evidence:
    """What the audit looks at.

    Attributes:
        rows: The three tables as one, with the part whose `table` a row stands in.
        files: The files of all parts: `path`, the `part` whose folder they lie in, `sha256`, hashed anew.
        found: Duplicates among the originals, found anew; columns of `DUPLICATES`.
        merged: Duplicates that were found before the photographs were dealt; likewise.
    """

    rows: pd.DataFrame
    files: pd.DataFrame
    found: pd.DataFrame
    merged: pd.DataFrame


Findings = Iterable[tuple[str, str]]  # names, with a detail each
Check = Callable[[Evidence], Findings]


def gather(near_duplicates: int | None, root: Path = Path()) -> Evidence:
    """Read the tables and the files, and look for duplicates among them.

    Args:
        near_duplicates: Largest distance of two perceptual hashes, in bits; None looks for none.
        root: The project's top folder.
    """
    rows, files = read_rows(root), read_files(root)
    merged = DUPLICATES.read(root / "data" / "merged" / "duplicates.csv")
    return Evidence(rows, files, find_again(rows, files, near_duplicates, root), merged)


def read_rows(root: Path = Path()) -> pd.DataFrame:
    """Read the three tables as one, with the part whose table each row stands in as `table`.

    Args:
        root: The project's top folder.
    """
    tables = {part: PART.read(root / "data" / "split" / f"{part}.csv") for part in PARTS}
    return pd.concat([table.assign(table=part) for part, table in tables.items()], ignore_index=True)


def read_files(root: Path = Path()) -> pd.DataFrame:
    """List the files of all parts and hash them anew.

    Args:
        root: The project's top folder.

    Returns:
        Columns `path` (from the root, sorted within a folder), `part` (by the folder), `sha256`.
    """
    found = [
        (path, part)
        for stage in ("split", "augmented")
        for part in PARTS
        for path in sorted((root / "data" / stage / part).rglob("*"))
        if path.is_file() and not any(path.match(junk) for junk in JUNK)
    ]
    hashes = sha256_all(path for path, _ in found)
    names = [path.relative_to(root).as_posix() for path, _ in found]
    return pd.DataFrame({"path": names, "part": [part for _, part in found], "sha256": hashes}, dtype="str")


def find_again(
    rows: pd.DataFrame, files: pd.DataFrame, near_duplicates: int | None, root: Path = Path()
) -> pd.DataFrame:
    """Find duplicates among the originals by what their files hold now.

    A file that changed since it was merged is left out: that is told, and it may be no photograph.

    Args:
        rows: What `read_rows` returned.
        files: What `read_files` returned.
        near_duplicates: Largest distance of two perceptual hashes, in bits; None looks for none.
        root: The project's top folder.

    Returns:
        Columns of `DUPLICATES`.
    """
    originals = rows[rows["image_id"] == rows["source"]].merge(files[["path", "sha256"]], on=["path", "sha256"])
    once = originals.drop_duplicates("image_id")
    looks = None if near_duplicates is None else perceptual_hashes([root / path for path in once["path"]])
    return find_duplicates(once, looks, near_duplicates)
