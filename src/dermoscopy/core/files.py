"""Files and folders that are replaced wholly or not at all; what a file hashes to; one process at a time."""

import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dermoscopy.core.progress import SECONDS_BETWEEN_LINES

logger = logging.getLogger(__name__)


def new_folder(folder: Path) -> Path:
    """Return the folder, made anew and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def replace_entries(folder: Path) -> Iterator[Path]:
    """Yield an empty folder whose content moves into another when the block ends well.

    Each entry replaces the one of its name; other entries stay. If the block raises, nothing of
    the folder has changed.

    Args:
        folder: Where the entries belong; made if it is missing.
    """
    beside = new_folder(folder / ".acquire")
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


@contextmanager
def atomic_write(path: Path, *, shared: bool = False) -> Iterator[Path]:
    """Yield the path of a temporary file that replaces another when the block ends well.

    If the block raises, the old file stays, and the temporary one is removed. What a power failure leaves
    is the old file or the whole new one.

    Args:
        path: The file that is written; its folder is made. The temporary name ends as its name does.
        shared: Whether other processes may write it at the same time: each then has a temporary file of its
            own, which a kill leaves behind. Otherwise the next to write the file writes over what a kill left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{secrets.token_hex(4)}.{path.name}" if shared else f".{path.name}")
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, unless it holds just that; it appears whole or not at all."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return
    with atomic_write(path) as beside:
        beside.write_bytes(content)


def write_json(path: Path, content: Any) -> None:
    """Write content as indented JSON, as `write_text` writes."""
    write_text(path, json.dumps(content, indent=2) + "\n")


@contextmanager
def exclusive_lock(path: Path, what: str) -> Iterator[None]:
    """Wait until no other process holds the lock of the same file, and hold it while the block runs.

    The system releases the lock when its holder ends, however that ends. The file is removed with it; one that
    a kill leaves is locked by nobody.

    Args:
        path: The lock's file, with the holder's process id in it; its folder is made.
        what: What its holder does, as the log says to who waits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, fallback_to_soft=False)  # a soft lock would outlive a kill
    seconds = 0
    while True:
        try:
            held = lock.acquire(timeout=seconds)
            break
        except Timeout:
            logger.info("Process %s already %s: waiting for it to end.", _holder(path), what)
            seconds = SECONDS_BETWEEN_LINES
    with held:
        with suppress(OSError):  # of a full disk: the lock holds without a name
            path.write_text(str(os.getpid()))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while it is held: who waits finds it gone, and locks a new one


def _holder(path: Path) -> str:
    try:
        return path.read_text().strip() or "of unknown number"
    except FileNotFoundError:  # it has just ended
        return "of unknown number"


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
