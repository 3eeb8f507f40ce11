"""A folder or a zip that does not hold the dataset."""

from pathlib import Path

from dermoscopy.acquire.params import Data
from dermoscopy.acquire.sources import absence, expand, find, holds, is_part
from dermoscopy.acquire.zips import members
from dermoscopy.core.nearest import nearest_word
from dermoscopy.ham10000.metadata import IMAGE_FOLDERS, METADATA
from dermoscopy.ham10000.problems import printable, summarize

PARTS = (METADATA, *IMAGE_FOLDERS)
SHOWN = 6


def source_problems(data: Data) -> list[str]:
    """Return what is wrong with `data.path`, where the dataset comes from a folder or zips: one line, or none.

    Args:
        data: The block; its path is looked at, and of files only the directories of zips are read.
    """
    if data.source != "directory":
        return []
    if data.path is None:
        return [
            "data.path: received null; data.source directory needs the folder that holds "
            f"{', '.join(PARTS)}, or their zips. Name it with: make run DATA=path"
        ]
    key = f"data.path: received {data.path!r}; "
    path = expand(data.path)
    if absent := absence(path):
        return [printable(f"{key}expected a folder or a zip, and this {absent}.{_nearest(path)}")]
    contents = find(path)
    sound_part = not data.strict and METADATA not in contents.lacks and contents.images
    if contents.complete or (sound_part and not contents.fatal):
        return []
    if contents.fatal:
        return [printable(f"{key}{'; '.join(summarize(contents.fatal))}.{_neighbour(path)}")]
    found = _found(path)
    spelt, neighbour = _spelt(contents.lacks, found), _neighbour(path)
    return [printable(f"{key}it lacks {', '.join(contents.lacks)}; found {_shown(found)}.{spelt}{neighbour}")]


def _found(path: Path) -> list[str]:
    """Return the names a user sees there, at the top."""
    if path.is_dir():
        names = {other.name for other in _inside(path)}
    else:
        names = {inside[0] for inside, _ in members(path) if inside}
    return sorted(name for name in names if not name.startswith("."))


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}" if names else "nothing"


def _spelt(lacks: list[str], found: list[str]) -> str:
    """Return which of the names may be misspelt ones of what is lacking."""
    unknown = [name for name in found if not is_part(name)]
    told = ""
    for part in lacks:
        near = nearest_word(part, unknown)
        if near:
            unknown.remove(near)
            told += f" If {near} is {part}, rename it."
    return told


def _nearest(path: Path) -> str:
    siblings = (other.name for other in _inside(path.parent) if other.suffix.lower() == ".zip" or holds(other.is_dir))
    near = nearest_word(path.name, siblings)
    return f" Did you mean {path.parent / near}?" if near else ""


def _neighbour(path: Path) -> str:
    """Return where the dataset probably is: one folder up, or one down."""
    for folder in (path.absolute().parent, *_inside(path)):
        if holds(folder.is_dir) and find(folder).complete:
            return f" Did you mean {folder}?"
    return ""


def _inside(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted; nothing, if it is none or may not be looked into."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
