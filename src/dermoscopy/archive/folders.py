"""Folders that are replaced wholly or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def fresh(folder: Path) -> Path:
    """Return the folder, made anew and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yield an empty folder whose content moves into another when the block ends well.

    Each entry replaces the one of its name; other entries stay. If the block raises, nothing of
    the folder has changed.

    Args:
        folder: Where the entries belong; made if it is missing.
    """
    beside = fresh(folder / ".acquire")
    replaced = beside / ".replaced"
    try:
        yield beside
        entries = sorted(beside.iterdir())
        replaced.mkdir()
        for entry in entries:
            final = folder / entry.name
            if final.exists():
                final.rename(replaced / entry.name)
            entry.rename(final)
    finally:
        shutil.rmtree(beside)
