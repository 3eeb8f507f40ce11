"""Folders that are replaced wholly or not at all.

What a file hashes to.

Files that are written only when their content changes.

One process at a time.
"""

import fcntl
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dermoscopy.core.progress import SECONDS_BETWEEN_LINES

logger = logging.getLogger(__name__)


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


def sha256(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_all(paths: Iterable[Path]) -> list[str]:
    """Return the sha256 of each file, in the order of the files; several are read at once."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(sha256, paths))


def keep(path: Path, content: Any) -> None:
    """Write content as JSON, unless the file holds just that; it appears whole or not at all.

    Args:
        path: The file; its folder is made.
        content: What JSON can hold.
    """
    text = json.dumps(content, indent=2) + "\n"
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text)
    beside.replace(path)


SECONDS_BETWEEN_TRIES = 0.2


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Wait until no other process is in here with the same file, and keep others out meanwhile.

    The system lets go of the lock when its holder ends, however that ends: it is never left behind.

    Args:
        path: The lock's file, with the holder's process id in it.
        what: What its holder does, as a reader is told who has to wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    told = None
    while True:
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                break  # and not a file that its last holder has removed since it was opened
        except FileNotFoundError:
            pass  # likewise
        except BlockingIOError:
            if told is None or time.monotonic() - told > SECONDS_BETWEEN_LINES:
                file.seek(0)
                holder = file.read().strip() or "of unknown number"
                logger.info("Process %s already %s: waiting for it to end.", holder, what)
                told = time.monotonic()
        file.close()
        time.sleep(SECONDS_BETWEEN_TRIES)
    with file:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


FINISHED = "finished"


def remove_finished(folder: Path) -> None:
    """Remove the states of trainings that came to their end.

    A stage behind training does it. The training itself cannot: killed before it has written dvc.lock, DVC throws
    away what a stage left, and runs it again.

    Args:
        folder: Of all checkpoints.
    """
    for mark in folder.glob(f"*/{FINISHED}"):
        shutil.rmtree(mark.parent, ignore_errors=True)
