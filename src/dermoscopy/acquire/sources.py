"""Locate the dataset's files in folders and zips by their names, without reading or unpacking them."""

import os
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dermoscopy.acquire.zips import MemberError, list_members
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem, printable


def expand(text: str) -> Path:
    """Return a path with ~ expanded; the ~ of an unknown user stays, so that the path does not exist."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def why_absent(path: Path) -> str | None:
    """Return in a few words why a path cannot be found, or None if it exists."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist"
    except (OSError, ValueError) as error:
        return f"cannot be reached ({getattr(error, 'strerror', None) or error})"
    return None


def check_path(test: Callable[[], bool]) -> bool:
    """Return the result of a test such as `path.is_dir`, and False if the system raises an error."""
    try:
        return test()
    except OSError:
        return False


FOLDERS = {name.lower(): name for name in IMAGE_FOLDERS}
MAX_DEPTH = 2  # some programs unpack a folder into another one of the same name
MASK_FOLDERS = ("segmentation", "masks")  # contained in the names of folders of masks
MASK = "_segmentation.png"
# The names as published and on Kaggle, as the Dataverse converts the table, and as the Dataverse lists it.
# The first one that exists is used.
TABLES = (METADATA.lower(), "ham10000_metadata.tab", "ham10000_metadata")


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


def list_entries(source: Path, problems: list[Located]) -> list[Entry]:
    """List the files of a folder and of the zips in it, or of a single zip; files in folders come first.

    Only folders whose names indicate images or masks are entered. Of a zip only the directory is read.

    Args:
        source: Folder or zip; any other path is reported as a problem.
        problems: List to which problems are appended.
    """
    list_files = _in_folder if check_path(source.is_dir) else _in_zip
    return sorted(list_files(source, problems), key=lambda entry: (entry.member is not None, entry.names))


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


def _in_folder(folder: Path, problems: list[Located], names: tuple[str, ...] = ()) -> Iterator[Entry]:
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
            if len(names) < MAX_DEPTH and published_folder([file.name]):
                yield from _in_folder(Path(file), problems, (*names, file.name))
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


IMAGE = ("jpg", "jpeg")
OTHER_FORMAT = ("bmp", "gif", "heic", "heif", "jp2", "png", "tif", "tiff", "webp")


@dataclass
class Contents:
    """Files of the dataset that were found. Several entries of one name should have equal content; the first is used.

    Attributes:
        table: Entries of the metadata table.
        images: Entries by published folder and name, such as HAM10000_images_part_1/ISIC_0024306.jpg; sorted.
        masks: Entries by published name, such as ISIC_0024306_segmentation.png; sorted.
        problems: Problems of the files that cannot be used.
    """

    table: list[Entry] = field(default_factory=list)
    images: dict[str, list[Entry]] = field(default_factory=dict)
    masks: dict[str, list[Entry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """Names of the missing table and of the image folders without images."""
        found = {name.partition("/")[0] for name in self.images} | ({METADATA} if self.table else set())
        return [name for name in (METADATA, *IMAGE_FOLDERS) if name not in found]

    @property
    def fatal(self) -> list[Problem]:
        """Problems that make the dataset unusable."""
        return [problem for problem in self.problems if problem.outcome == "fatal"]

    @property
    def complete(self) -> bool:
        """Whether table and both image folders were found and no problem is fatal; contents are not checked."""
        return not self.missing and not self.fatal


def find_dataset(source: Path) -> Contents:
    """Find the dataset's files in a folder, in the zips in it, in both, or in a single zip.

    Nothing is unpacked or read. Files in folders come before those in zips. If the dataset is complete without
    the zips of unknown names, these may be unrelated, and their problems are ignored.

    Args:
        source: Folder or zip; any other path is reported as a problem.
    """
    contents = Contents()
    tables: dict[str, list[Entry]] = {}
    problems: list[Located] = []
    certain: set[str] = set()  # table and folders found outside zips of unknown names
    for entry in list_entries(source, problems):
        *folders, name = entry.names
        stem, _, ending = name.rpartition(".")
        folder, ending = published_folder(folders), ending.lower()
        if name.lower() in TABLES:
            tables.setdefault(name.lower(), []).append(entry)
            certain |= {METADATA} if has_dataset_name(entry.path) else set()
        elif not stem:
            continue
        elif folder in IMAGE_FOLDERS and ending in IMAGE:
            contents.images.setdefault(f"{folder}/{stem}.jpg", []).append(entry)
            certain |= {folder} if has_dataset_name(entry.path) else set()
        elif folder in IMAGE_FOLDERS and ending in OTHER_FORMAT:
            problems.append((entry.path, Problem("file that is not a .jpg", str(entry))))
        elif folder == MASK and name.lower().endswith(MASK):
            contents.masks.setdefault(name[: -len(MASK)] + MASK, []).append(entry)
        elif ending == "zip" and entry.member and (published_folder([stem]) or not has_dataset_name(entry.path)):
            inner = Problem("zip inside a zip", str(entry), "unpack the outer one", outcome="fatal")
            problems.append((entry.path, inner))
    contents.table = next((tables[name] for name in TABLES if name in tables), [])
    contents.images = _with_valid_names(contents.images, problems)
    contents.masks = _with_valid_names(contents.masks, problems)
    incomplete = not certain.issuperset((METADATA, *IMAGE_FOLDERS))
    contents.problems = [problem for path, problem in problems if incomplete or has_dataset_name(path)]
    return contents


def _with_valid_names(entries: dict[str, list[Entry]], problems: list[Located]) -> dict[str, list[Entry]]:
    """Return, sorted by name, the entries whose names are UTF-8 and unique on file systems that ignore letter case."""
    by_folded_name: dict[str, list[str]] = defaultdict(list)
    for name, (entry, *_) in sorted(entries.items()):
        try:
            name.encode()
        except UnicodeEncodeError:
            problems.append((entry.path, Problem("file name that is not UTF-8", str(entry))))
        else:
            by_folded_name[name.casefold()].append(name)
    for names in by_folded_name.values():
        if len(names) > 1:
            listed = ", ".join(name.rpartition("/")[2] for name in names)
            images = tuple(Path(name).stem for name in names if not name.endswith(MASK))
            path = max((entries[name][0].path for name in names), key=has_dataset_name)
            problems.append((path, Problem("file names that differ in letter case only", listed, "", images)))
    return {names[0]: entries[names[0]] for names in by_folded_name.values() if len(names) == 1}
