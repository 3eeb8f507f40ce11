"""A folder that does not hold the archive."""

from pathlib import Path

from dermoscopy.archive.layout import IMAGE_FOLDERS, METADATA
from dermoscopy.params.data import Data
from dermoscopy.params.nearest import nearest_word

PARTS = (METADATA, *IMAGE_FOLDERS)
SHOWN = 6


def source_problems(data: Data) -> list[str]:
    """Return what is wrong with `data.path`, where the archive comes from a folder: one line, or none.

    Args:
        data: The block; its path is looked at, and nothing is opened.
    """
    if data.source != "directory":
        return []
    if data.path is None:
        return [
            "data.path: received null; data.source directory needs the folder that holds "
            f"{', '.join(PARTS)}. Name it with: make run DATA=path"
        ]
    key = f"data.path: received {data.path!r}; "
    path = Path(data.path).expanduser()
    if path.is_file():
        return [f"{key}this is a file, expected a folder: unpack it first."]
    if not path.is_dir():
        return [f"{key}there is no such folder.{_nearest_folder(path)}"]
    lacks = [part for part in PARTS if not _present(path / part)]
    if not lacks:
        return []
    return [f"{key}it lacks {', '.join(lacks)}; found {_found(path)}.{_neighbour(path)}"]


def _present(part: Path) -> bool:
    return part.is_file() if part.name == METADATA else any(part.glob("*.jpg"))


def _found(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}" if names else "nothing"


def _nearest_folder(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    near = nearest_word(path.name, (other.name for other in path.parent.iterdir() if other.is_dir()))
    return f" Did you mean {path.parent / near}?" if near else ""


def _neighbour(path: Path) -> str:
    """Return where the archive probably is: one folder up, or one down."""
    for folder in (path.absolute().parent, *sorted(path.iterdir())):
        if folder.is_dir() and all(_present(folder / part) for part in PARTS):
            return f" Did you mean {folder}?"
    return ""
