"""Replace files and folders atomically, hash files, and lock what only one process may use at a time."""

import hashlib
import json
import logging
import math
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dermoscopy.core.progress import SECONDS_BETWEEN_LINES

logger = logging.getLogger(__name__)


def new_folder(folder: Path) -> Path:
    """Create an empty folder, in place of any folder of that name, and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_all(paths: Iterable[Path]) -> list[str]:
    """Return the SHA-256 of each file, in the order of the files; they are read in parallel."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(sha256, paths))


@contextmanager
def atomic_write(path: Path, *, shared: bool = False) -> Iterator[Path]:
    """Yield the path of a temporary file that replaces `path` when the block succeeds.

    If the block raises, the old file stays and the temporary file is removed. After a power failure, `path` is
    the old file or the complete new file.

    Args:
        path: The file to write; its folder is created. The temporary file's name has the same ending.
        shared: Whether other processes may write the file at the same time. If so, each process has its own
            temporary file, and a killed process leaves it behind. Otherwise the next writer overwrites the
            temporary file that a killed process left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(4)}.{path.name}" if shared else f".{path.name}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, atomically; a file that has the same content stays untouched."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


DIGITS = 12  # significant digits of a float in git; another processor changes the sixteenth


def rounded(value: float) -> float:
    """Return a float rounded to `DIGITS` significant digits, as all files in git have it."""
    return float(f"{value:.{DIGITS}g}")


def write_json(path: Path, content: Any) -> None:
    """Write content as indented JSON with `write_text`; floats are `rounded`, and NaN becomes null."""
    write_text(path, json.dumps(_as_json(content), indent=2) + "\n")


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else rounded(value)
    return value


@contextmanager
def exclusive_lock(path: Path, action: str) -> Iterator[None]:
    """Wait for the lock of a file, and hold it while the block runs.

    The system releases the lock when its holder ends, even if it is killed. The file is removed with the lock;
    a file that a killed process left is not locked.

    Args:
        path: The lock's file, which contains the holder's process id; its folder is created.
        action: What the holder does ("trains cnn_a"), for the log line of a process that waits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, fallback_to_soft=False)  # a soft lock would outlive a kill
    seconds = 0
    while True:
        try:
            held = lock.acquire(timeout=seconds)
            break
        except Timeout:
            logger.info("Process %s already %s: waiting for it to end.", _holder(path), action)
            seconds = SECONDS_BETWEEN_LINES
    with held:
        with suppress(OSError):  # a full disk: the lock works without the process id
            path.write_text(str(os.getpid()))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while the lock is held: a waiting process then locks a new file


def _holder(path: Path) -> str:
    """Return the process id in a lock's file, which the holder writes a moment after it has the lock."""
    for _ in range(10):
        with suppress(FileNotFoundError):  # the holder has just ended
            if text := path.read_text().strip():
                return text
        time.sleep(0.05)
    return "(unknown id)"
