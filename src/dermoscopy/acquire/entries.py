"""List the files of a source, in folders and in zips, by their names."""

import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from dermoscopy.acquire.zips import MemberError, list_members
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem, printable

FOLDERS = {name.lower(): name for name in IMAGE_FOLDERS}
MAX_DEPTH = 2  # of folders; some programs unpack a folder into another one of the same name
MASK_FOLDERS = ("segmentation", "masks")  # contained in the names of folders of masks
MASK = "_segmentation.png"
# The names as published and on Kaggle, as the Dataverse converts the table, and as the Dataverse lists it.
# The first one that exists is used; the others must have the same content.
TABLES = (METADATA.lower(), "ham10000_metadata.tab", "ham10000_metadata")


def check_path(test: Callable[[], bool]) -> bool:
    """Return the result of a test such as `path.is_dir`, and False if the system raises an error."""
    try:
        return test()
    except OSError:
        return False


class Entry(NamedTuple):
    """A file of the dataset, in a folder or in a zip.

    Attributes:
        names: Names of its folders, then its own; a zip counts as a folder, named without the ending .zip.
        path: Path of the file, or of the zip that contains it.
        member: Its entry in the zip; None for a file in a folder.
    """

    names: tuple[str, ...]
    path: Path
    member: zipfile.ZipInfo | None = None

    def __str__(self) -> str:
        return printable(self.path.name if self.member is None else f"{self.path.name}: {self.member.filename}")


Located = tuple[Path, Problem]  # the file or zip, and its problem


def has_published_name(folder: Path) -> bool:
    """Return whether the name of a folder is one of HAM10000's, or indicates masks."""
    return published_folder([folder.name]) is not None


def list_entries(
    source: Path, problems: list[Located], enter: Callable[[Path], bool] = has_published_name
) -> list[Entry]:
    """List the files of a folder and of the zips in it, or of a single zip; files in folders come first.

    Of a zip only the directory is read.

    Args:
        source: Folder or zip; any other path is reported as a problem.
        problems: List to which problems are appended.
        enter: Whether to enter a folder inside the source. Hidden folders are never entered.
    """
    files = _in_folder(source, problems, enter) if check_path(source.is_dir) else _in_zip(source, problems)
    return sorted(files, key=lambda entry: (entry.member is not None, entry.names))


def has_dataset_name(path: Path) -> bool:
    """Return whether a file or zip certainly belongs to the dataset: any file, but only zips of known names."""
    return path.suffix.lower() != ".zip" or is_dataset_name(path.name)


def is_dataset_name(name: str) -> bool:
    """Return whether a name is one of the dataset's tables, folders or zips."""
    return name.lower() in TABLES or published_folder([name.lower().removesuffix(".zip")]) is not None


def published_folder(folders: list[str]) -> str | None:
    """Return the published name of the innermost known folder; MASK for any folder of masks; None if none is known.

    Args:
        folders: Folder names, outermost first.
    """
    for name in reversed(folders):
        lower = name.lower()
        if lower in FOLDERS:
            return FOLDERS[lower]
        if any(word in lower for word in MASK_FOLDERS):
            return MASK
    return None


def _in_folder(
    folder: Path, problems: list[Located], enter: Callable[[Path], bool], names: tuple[str, ...] = ()
) -> Iterator[Entry]:
    try:
        files = sorted(os.scandir(folder), key=lambda file: file.name)
    except OSError as error:
        unreadable = Problem("folder that cannot be read", printable(folder.name), str(error.strerror), outcome="fatal")
        problems.append((folder, unreadable))
        return
    for file in files:
        if _is_system_file(file.name):
            continue
        if check_path(file.is_dir):
            if len(names) < MAX_DEPTH and enter(Path(file)):
                yield from _in_folder(Path(file), problems, enter, (*names, file.name))
        elif file.name.lower().endswith(".zip"):
            yield from _in_zip(Path(file), problems)
        elif check_path(file.is_file):
            yield Entry((*names, file.name), Path(file))


def _in_zip(path: Path, problems: list[Located]) -> Iterator[Entry]:
    try:
        found = list_members(path)
    except MemberError as error:
        kind, detail = error.args
        problems.append((path, Problem(kind, printable(path.name), detail, outcome="fatal")))
        return
    stem = path.stem
    for names, member in found:
        if names is None:
            outside = Problem("zip member with a path outside the zip", str(Entry((), path, member)))
            problems.append((path, outside))
        elif not any(map(_is_system_file, names)):
            yield Entry((stem, *names), path, member)


def _is_system_file(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
