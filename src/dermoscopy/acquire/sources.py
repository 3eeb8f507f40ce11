"""Find the dataset in a folder or in zips, in the published layout or another one, without unpacking it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dermoscopy.acquire.entries import (
    MASK,
    TABLES,
    Entry,
    Located,
    has_dataset_name,
    list_entries,
    published_folder,
)
from dermoscopy.acquire.layouts import JPEG, OTHER_FORMATS, images_elsewhere
from dermoscopy.acquire.tables import image_ids
from dermoscopy.acquire.zips import unsupported_method
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


@dataclass
class Contents:
    """Files of the dataset that were found. Several entries of one name should have equal content; the first is used.

    Attributes:
        table: Entries of the metadata table, under any of its names.
        images: Entries by published folder and name, such as HAM10000_images_part_1/ISIC_0024306.jpg; sorted.
        masks: Entries by published name, such as ISIC_0024306_segmentation.png; sorted.
        problems: Problems of the files that cannot be used.
        other_layout: Whether the images are complete although one or both of the published folders are missing.
    """

    table: list[Entry] = field(default_factory=list)
    images: dict[str, list[Entry]] = field(default_factory=dict)
    masks: dict[str, list[Entry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    other_layout: bool = False

    @property
    def missing(self) -> list[str]:
        """Names of the missing table and of the image folders without images."""
        found = set(IMAGE_FOLDERS) if self.other_layout else {name.partition("/")[0] for name in self.images}
        return [
            name for name in (METADATA, *IMAGE_FOLDERS) if name not in found | ({METADATA} if self.table else set())
        ]

    @property
    def fatal(self) -> list[Problem]:
        """Problems that make the dataset unusable."""
        return [problem for problem in self.problems if problem.outcome == "fatal"]

    @property
    def complete(self) -> bool:
        """Whether table and all image folders were found and no problem is fatal; contents are not checked."""
        return not self.missing and not self.fatal


def find_dataset(source: Path) -> Contents:
    """Find the dataset's files in a folder, in the zips in it, in both, or in a single zip.

    Files in folders come before those in zips. If the dataset is complete without the zips of unknown names, these may
    be unrelated, and their problems are ignored. Only if a published folder is missing, the ids of the table are read:
    then the images may be in other folders, or all in one.

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
        elif folder in IMAGE_FOLDERS and ending in JPEG:
            contents.images.setdefault(f"{folder}/{stem}.jpg", []).append(entry)
            certain |= {folder} if has_dataset_name(entry.path) else set()
        elif folder in IMAGE_FOLDERS and ending in OTHER_FORMATS:
            problems.append((entry.path, Problem("file that is not a .jpg", str(entry))))
        elif folder == MASK and name.lower().endswith(MASK):
            contents.masks.setdefault(name[: -len(MASK)] + MASK, []).append(entry)
        elif ending == "zip" and entry.member and (published_folder([stem]) or not has_dataset_name(entry.path)):
            inner = Problem("zip inside a zip", str(entry), "unpack the outer one", outcome="fatal")
            problems.append((entry.path, inner))
    contents.table = [entry for name in TABLES for entry in tables.get(name, [])]
    if contents.missing not in ([], [METADATA]):
        _find_other_layout(source, contents, problems)
        certain |= set(IMAGE_FOLDERS) if contents.other_layout and not _only_in_zips(contents.images) else set()
    contents.images = _with_valid_names(contents.images, problems)
    contents.masks = _with_valid_names(contents.masks, problems)
    incomplete = not certain.issuperset((METADATA, *IMAGE_FOLDERS))
    contents.problems = [problem for path, problem in problems if incomplete or has_dataset_name(path)]
    contents.problems += _unsupported_zips([contents.table, *contents.images.values(), *contents.masks.values()])
    return contents


def _find_other_layout(source: Path, contents: Contents, problems: list[Located]) -> None:
    """Look for images outside the published folders, or check whether one of these has all of them."""
    ids = image_ids(contents.table)
    if contents.images:
        contents.other_layout = bool(ids) and ids <= {Path(name).stem for name in contents.images}
        return
    contents.images = {f"{IMAGE_FOLDERS[0]}/{name}": found for name, found in images_elsewhere(source, ids, problems)}
    contents.other_layout = bool(contents.images)


def _only_in_zips(images: dict[str, list[Entry]]) -> bool:
    return all(entries[0].member for entries in images.values())


def _unsupported_zips(files: Iterable[list[Entry]]) -> list[Problem]:
    """List the zips of which a needed file is packed by a method that Python cannot read."""
    methods = {
        entries[0].path: method
        for entries in files
        if entries and entries[0].member and (method := unsupported_method(entries[0].member))
    }
    kind = "zip packed by a method that Python cannot read: unpack it with another program"
    return [Problem(kind, printable(path.name), method, outcome="fatal") for path, method in sorted(methods.items())]


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
