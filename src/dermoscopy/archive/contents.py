"""What of the archive is where, in folders and in zips, told by names alone."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from dermoscopy.archive.entries import MASK, TABLES, Entry, Told, kind_of, list_entries, tells
from dermoscopy.archive.layout import IMAGE_FOLDERS, METADATA
from dermoscopy.archive.problems import Problem

PHOTOGRAPH = ("jpg", "jpeg")
OTHER_IMAGE = ("bmp", "gif", "heic", "heif", "jp2", "png", "tif", "tiff", "webp")


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

    Nothing is unpacked or read. Files of folders come before those of zips. Where the archive is
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
        elif kind in IMAGE_FOLDERS and ending in PHOTOGRAPH:
            contents.photographs.setdefault(f"{kind}/{stem}.jpg", []).append(entry)
            sure |= {kind} if tells(entry.path) else set()
        elif kind in IMAGE_FOLDERS and ending in OTHER_IMAGE:
            told.append((entry.path, Problem("file that is not a .jpg", str(entry))))
        elif kind == MASK and name.lower().endswith(MASK):
            contents.masks.setdefault(name[: -len(MASK)] + MASK, []).append(entry)
        elif ending == "zip" and entry.member and (kind_of([stem]) or not tells(entry.path)):
            inner = Problem("zip inside a zip", str(entry), "unpack the outer one", outcome="fatal")
            told.append((entry.path, inner))
    contents.table = next((tables[name] for name in TABLES if name in tables), [])
    contents.photographs = _well_named(contents.photographs, told)
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
