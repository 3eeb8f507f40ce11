"""One process at a time."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dermoscopy.progress import SECONDS_BETWEEN_LINES

logger = logging.getLogger(__name__)

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
