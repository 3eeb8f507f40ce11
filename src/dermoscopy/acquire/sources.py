"""What of the dataset is where, in folders and in zips, told by names alone.

The files of a folder and of its zips, and what their names say of them.

Paths as a user gives them: whatever they are, asking about them raises nothing.
"""

import os
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dermoscopy.acquire.zips import MemberError, members
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import Problem, printable


def expand(text: str) -> Path:
    """Return the path that is meant; the ~ of somebody unknown stays, and nothing is there."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def absence(path: Path) -> str | None:
    """Return in a few words why nothing is found at a path, or None if something is."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "is not there"
    except (OSError, ValueError) as error:
        return f"cannot be reached ({getattr(error, 'strerror', None) or error})"
    return None


def holds(question: Callable[[], bool]) -> bool:
    """Return the answer to a question such as path.is_dir; no, where the system refuses one."""
    try:
        return question()
    except OSError:
        return False


FOLDERS = {name.lower(): name for name in IMAGE_FOLDERS}
DEEPEST = 2  # unpackers put a folder into one of its own name
MASK_FOLDERS = ("segmentation", "masks")  # in their names
MASK = "_segmentation.png"
# As published and on Kaggle; as the Dataverse rewrites it; as it names it. The first that is there is taken.
TABLES = (METADATA.lower(), "ham10000_metadata.tab", "ham10000_metadata")


class Entry(NamedTuple):
    """A file of the dataset.

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

    Folders are entered where their names say that they hold images or masks. Zips are asked
    for their directories, and nothing is unpacked or read.

    Args:
        source: The folder or the zip; it may be anything.
        told: Grows by what is wrong with them.
    """
    look = _in_folder if holds(source.is_dir) else _in_zip
    return sorted(look(source, told), key=lambda entry: (entry.member is not None, entry.names))


def tells(path: Path) -> bool:
    """Return whether something is the dataset's by its place or name; only a zip that is called anyhow is not."""
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


IMAGE = ("jpg", "jpeg")
OTHER_FORMAT = ("bmp", "gif", "heic", "heif", "jp2", "png", "tif", "tiff", "webp")


@dataclass
class Contents:
    """What of the dataset is there; of several entries the first is taken, and the others should equal it.

    Attributes:
        table: The metadata table.
        images: By folder and name as published, HAM10000_images_part_1/ISIC_0024306.jpg, sorted.
        masks: By name as published, ISIC_0024306_segmentation.png, sorted.
        problems: What cannot be taken.
    """

    table: list[Entry] = field(default_factory=list)
    images: dict[str, list[Entry]] = field(default_factory=dict)
    masks: dict[str, list[Entry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def lacks(self) -> list[str]:
        """Parts of the dataset that are not there: the table, a folder without a image."""
        found = {name.partition("/")[0] for name in self.images} | ({METADATA} if self.table else set())
        return [part for part in (METADATA, *IMAGE_FOLDERS) if part not in found]

    @property
    def fatal(self) -> list[Problem]:
        """Problems with which nothing can go on."""
        return [problem for problem in self.problems if problem.outcome == "fatal"]

    @property
    def complete(self) -> bool:
        """Whether the dataset is there, sound or not."""
        return not self.lacks and not self.fatal


def find(source: Path) -> Contents:
    """Find the dataset in a folder, in its zips, in both, or in one zip of everything.

    Nothing is unpacked or read. Files of folders come before those of zips. Where the dataset is
    complete without the zips whose names tell nothing, those may be anybody's, and what is wrong
    with them does not matter.

    Args:
        source: The folder or the zip; it may be anything, which is told.
    """
    contents = Contents()
    tables: dict[str, list[Entry]] = {}
    told: list[Told] = []
    sure: set[str] = set()  # parts that are there without those zips
    for entry in list_entries(source, told):
        *folders, name = entry.names
        stem, _, ending = name.rpartition(".")
        kind, ending = kind_of(folders), ending.lower()
        if name.lower() in TABLES:
            tables.setdefault(name.lower(), []).append(entry)
            sure |= {METADATA} if tells(entry.path) else set()
        elif not stem:
            continue
        elif kind in IMAGE_FOLDERS and ending in IMAGE:
            contents.images.setdefault(f"{kind}/{stem}.jpg", []).append(entry)
            sure |= {kind} if tells(entry.path) else set()
        elif kind in IMAGE_FOLDERS and ending in OTHER_FORMAT:
            told.append((entry.path, Problem("file that is not a .jpg", str(entry))))
        elif kind == MASK and name.lower().endswith(MASK):
            contents.masks.setdefault(name[: -len(MASK)] + MASK, []).append(entry)
        elif ending == "zip" and entry.member and (kind_of([stem]) or not tells(entry.path)):
            inner = Problem("zip inside a zip", str(entry), "unpack the outer one", outcome="fatal")
            told.append((entry.path, inner))
    contents.table = next((tables[name] for name in TABLES if name in tables), [])
    contents.images = _well_named(contents.images, told)
    contents.masks = _well_named(contents.masks, told)
    lacking = not sure.issuperset((METADATA, *IMAGE_FOLDERS))
    contents.problems = [problem for path, problem in told if lacking or tells(path)]
    return contents


def _well_named(named: dict[str, list[Entry]], told: list[Told]) -> dict[str, list[Entry]]:
    """Return, sorted, what has a name that a table can hold and that every file system tells from the others."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name, (entry, *_) in sorted(named.items()):
        try:
            name.encode()
        except UnicodeEncodeError:
            told.append((entry.path, Problem("file name that is not UTF-8", str(entry))))
        else:
            alike[name.casefold()].append(name)
    for names in alike.values():
        if len(names) > 1:
            both = ", ".join(name.rpartition("/")[2] for name in names)
            images = tuple(Path(name).stem for name in names if not name.endswith(MASK))
            path = max((named[name][0].path for name in names), key=tells)
            told.append((path, Problem("file names that differ in letter case only", both, "", images)))
    return {names[0]: named[names[0]] for names in alike.values() if len(names) == 1}
