"""The files of a folder and of its zips, and what their names say of them."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dermoscopy.archive.layout import IMAGE_FOLDERS, METADATA
from dermoscopy.archive.paths import holds
from dermoscopy.archive.problems import Problem, printable
from dermoscopy.archive.zips import MemberError, members

FOLDERS = {name.lower(): name for name in IMAGE_FOLDERS}
DEEPEST = 2  # unpackers put a folder into one of its own name
MASK_FOLDERS = ("segmentation", "masks")  # in their names
MASK = "_segmentation.png"
# As published and on Kaggle; as the Dataverse rewrites it; as it names it. The first that is there is taken.
TABLES = (METADATA.lower(), "ham10000_metadata.tab", "ham10000_metadata")


class Entry(NamedTuple):
    """A file of the archive.

    Attributes:
        names: Of its folders and its own; a zip stands for a folder of its name without the ending.
        path: The file itself, or the zip it is in.
        member: Its entry in that zip; None for a file of a folder.
    """

    names: tuple[str, ...]
    path: Path
    member: zipfile.ZipInfo | None = None

    def __str__(self) -> str:
        return printable(self.path.name if self.member is None else f"{self.path.name}: {self.member.filename}")


Told = tuple[Path, Problem]  # with the file or the zip it is of


def list_entries(source: Path, told: list[Told]) -> list[Entry]:
    """List the files of a folder and of the zips in it, or of one zip; those of folders come first.

    Folders are entered where their names say that they hold photographs or masks. Zips are asked
    for their directories, and nothing is unpacked or read.

    Args:
        source: The folder or the zip; it may be anything.
        told: Grows by what is wrong with them.
    """
    look = _in_folder if holds(source.is_dir) else _in_zip
    return sorted(look(source, told), key=lambda entry: (entry.member is not None, entry.names))


def tells(path: Path) -> bool:
    """Return whether something is the archive's by its place or name; only a zip that is called anyhow is not."""
    return path.suffix.lower() != ".zip" or is_part(path.name)


def is_part(name: str) -> bool:
    """Return whether a file or folder of this name would be looked at."""
    return name.lower() in TABLES or kind_of([name.lower().removesuffix(".zip")]) is not None


def kind_of(folders: list[str]) -> str | None:
    """Return which published folder the innermost one is that tells; MASK stands for any folder of masks."""
    for name in reversed(folders):
        lower = name.lower()
        if lower in FOLDERS:
            return FOLDERS[lower]
        if any(word in lower for word in MASK_FOLDERS):
            return MASK
    return None


def _in_folder(folder: Path, told: list[Told], names: tuple[str, ...] = ()) -> Iterator[Entry]:
    try:
        files = sorted(os.scandir(folder), key=lambda file: file.name)
    except OSError as error:
        unreadable = Problem("folder that cannot be read", printable(folder.name), str(error.strerror), outcome="fatal")
        told.append((folder, unreadable))
        return
    for file in files:
        if _is_junk(file.name):
            continue
        if holds(file.is_dir):
            if len(names) < DEEPEST and kind_of([file.name]):
                yield from _in_folder(Path(file), told, (*names, file.name))
        elif file.name.lower().endswith(".zip"):
            yield from _in_zip(Path(file), told)
        elif holds(file.is_file):
            yield Entry((*names, file.name), Path(file))


def _in_zip(path: Path, told: list[Told]) -> Iterator[Entry]:
    try:
        found = members(path)
    except MemberError as error:
        kind, detail = error.args
        told.append((path, Problem(kind, printable(path.name), detail, outcome="fatal")))
        return
    stem = path.stem
    for names, member in found:
        if names is None:
            outside = Problem("member that leads out of its zip", str(Entry((), path, member)))
            told.append((path, outside))
        elif not any(map(_is_junk, names)):
            yield Entry((stem, *names), path, member)


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
