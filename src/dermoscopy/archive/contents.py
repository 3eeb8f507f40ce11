"""What of the archive is where, in folders and in zips, told by names alone."""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dermoscopy.archive.layout import IMAGE_FOLDERS, METADATA
from dermoscopy.archive.problems import Problem
from dermoscopy.archive.zips import MemberError, members

FOLDERS = {name.lower(): name for name in IMAGE_FOLDERS}
DEEPEST = 2  # unpackers put a folder into one of its own name
MASK_FOLDERS = ("segmentation", "masks")  # in their names
MASK = "_segmentation.png"
PHOTOGRAPH = ("jpg", "jpeg")
OTHER_IMAGE = ("bmp", "gif", "heic", "heif", "jp2", "png", "tif", "tiff", "webp")
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
        return self.path.name if self.member is None else f"{self.path.name}: {self.member.filename}"


@dataclass
class Contents:
    """What of the archive is there; of several entries the first is taken, and the others should equal it.

    Attributes:
        table: The metadata table.
        photographs: By folder and name as published, HAM10000_images_part_1/ISIC_0024306.jpg, sorted.
        masks: By name as published, ISIC_0024306_segmentation.png, sorted.
        problems: What cannot be taken.
    """

    table: list[Entry] = field(default_factory=list)
    photographs: dict[str, list[Entry]] = field(default_factory=dict)
    masks: dict[str, list[Entry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def lacks(self) -> list[str]:
        """Parts of the archive that are not there: the table, a folder without a photograph."""
        found = {name.partition("/")[0] for name in self.photographs} | ({METADATA} if self.table else set())
        return [part for part in (METADATA, *IMAGE_FOLDERS) if part not in found]

    @property
    def fatal(self) -> list[Problem]:
        """Problems with which nothing can go on."""
        return [problem for problem in self.problems if problem.outcome == "fatal"]

    @property
    def complete(self) -> bool:
        """Whether the archive is there, sound or not."""
        return not self.lacks and not self.fatal


def find(source: Path) -> Contents:
    """Find the archive in a folder, in its zips, in both, or in one zip of everything.

    Folders are entered where their names say that they hold photographs or masks. Zips are asked
    for their directories, and nothing is unpacked or read. Files of folders come before those of zips.

    Args:
        source: The folder or the zip.
    """
    source = source.expanduser()
    contents = Contents()
    tables: dict[str, list[Entry]] = {}
    look = _in_folder if source.is_dir() else _in_zip
    for entry in sorted(look(source, contents.problems), key=lambda entry: (entry.member is not None, entry.names)):
        *folders, name = entry.names
        stem, _, ending = name.rpartition(".")
        kind, ending = _kind(folders), ending.lower()
        if name.lower() in TABLES:
            tables.setdefault(name.lower(), []).append(entry)
        elif not stem:
            continue
        elif kind in IMAGE_FOLDERS and ending in PHOTOGRAPH:
            contents.photographs.setdefault(f"{kind}/{stem}.jpg", []).append(entry)
        elif kind in IMAGE_FOLDERS and ending in OTHER_IMAGE:
            contents.problems.append(Problem("file that is not a .jpg", str(entry)))
        elif kind == MASK and name.lower().endswith(MASK):
            contents.masks.setdefault(name[: -len(MASK)] + MASK, []).append(entry)
        elif ending == "zip" and entry.member and _kind([stem]):
            contents.problems.append(Problem("zip inside a zip", str(entry), "unpack the outer one", outcome="fatal"))
    contents.table = next((tables[name] for name in TABLES if name in tables), [])
    contents.photographs = dict(sorted(contents.photographs.items()))
    contents.masks = dict(sorted(contents.masks.items()))
    return contents


def is_part(name: str) -> bool:
    """Return whether a file or folder of this name would be looked at."""
    return name.lower() in TABLES or _kind([name.lower().removesuffix(".zip")]) is not None


def _kind(folders: list[str]) -> str | None:
    """Return which published folder the innermost one is that tells; MASK stands for any folder of masks."""
    for name in reversed(folders):
        lower = name.lower()
        if lower in FOLDERS:
            return FOLDERS[lower]
        if any(word in lower for word in MASK_FOLDERS):
            return MASK
    return None


def _in_folder(folder: Path, problems: list[Problem], names: tuple[str, ...] = ()) -> Iterator[Entry]:
    try:
        files = sorted(os.scandir(folder), key=lambda file: file.name)
    except OSError as error:
        problems.append(Problem("folder that cannot be read", folder.name, str(error.strerror), outcome="fatal"))
        return
    for file in files:
        if _is_junk(file.name):
            continue
        if file.is_dir():
            if len(names) < DEEPEST and _kind([file.name]):
                yield from _in_folder(Path(file), problems, (*names, file.name))
        elif file.name.lower().endswith(".zip"):
            yield from _in_zip(Path(file), problems)
        elif file.is_file():
            yield Entry((*names, file.name), Path(file))


def _in_zip(path: Path, problems: list[Problem]) -> Iterator[Entry]:
    try:
        found = members(path)
    except MemberError as error:
        kind, detail = error.args
        problems.append(Problem(kind, path.name, detail, outcome="fatal"))
        return
    stem = path.stem
    for names, member in found:
        if names is None:
            problems.append(Problem("member that leads out of its zip", f"{path.name}: {member.filename}"))
        elif not any(map(_is_junk, names)):
            yield Entry((stem, *names), path, member)


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
