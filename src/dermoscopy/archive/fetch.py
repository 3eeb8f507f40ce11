"""Published files, fetched once and found to be those that were published."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dermoscopy.archive.resume import FetchError, resume
from dermoscopy.errors import DISK_FULL

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """A file that somebody publishes.

    Attributes:
        name: What it is called on this disk.
        address: Where it is.
        md5: What it hashes to, as its publisher has it; None where the publisher tells nothing but its size.
        size: In bytes.
    """

    name: str
    address: str
    md5: str | None
    size: int


def retrieve(file: Published, folder: Path) -> Path:
    """Return a file's path, once it is there with the right bytes.

    What is there already with the right checksum, or the right size where none is published, is not fetched.
    What is not gathers in <name>.part, which outlives an interruption and a kill, and goes when its bytes turn
    out to be others than were published.

    Args:
        file: What to fetch.
        folder: Where it belongs; made if it is missing. Kept to one process at a time.

    Raises:
        FetchError: It cannot be fetched, has other bytes, or the folder cannot be written.
    """
    import pooch

    part = folder / f"{file.name}.part"

    def download(address: str, output: str, _: object) -> None:
        resume(address, part, file.size)
        # Pooch deletes its output when its check of the bytes is interrupted: a second name keeps them.
        Path(output).unlink()
        try:
            os.link(part, output)
        except OSError:  # a file system without second names
            part.rename(output)

    pooch.get_logger().setLevel("WARNING")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            there = folder / file.name
            if file.md5 is None and there.is_file() and there.stat().st_size != file.size:
                there.unlink()
            checksum = file.md5 and f"md5:{file.md5}"
            try:
                path = pooch.retrieve(file.address, checksum, file.name, folder, downloader=download)
            except ValueError as error:
                part.unlink(missing_ok=True)
                raise FetchError(f"its bytes are not those that were published: {error}") from None
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise FetchError(f"{folder} cannot be written ({error.strerror})") from error
    return Path(path)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for the length of the block: who comes second waits, and finds what the first fetched.

    The system lets go of the lock when its holder ends, by whatever means: no stale lock is ever left.
    """
    with (folder / ".download.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("Another run downloads into %s; waiting for it", folder)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
