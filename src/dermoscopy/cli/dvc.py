"""dvc that ends with the command which started it, and takes its stage along.

python -m dermoscopy.cli.dvc <process id of that command> repro …

A stage dies with dvc only from when it has said so (`die_with_parent`), a second or two after its start; and
dvc, ended while it writes dvc.lock, leaves half of it. Here neither happens.
"""

import fcntl
import os
import runpy
import signal
import sys
import time
from pathlib import Path

import psutil

from dermoscopy.parent import die_with_parent

LOCK = Path(".dvc/tmp/lock")
SECONDS_TO_FINISH = 10.0  # writing
SECONDS_BETWEEN_LOOKS = 0.05

_told_to_end: float | None = None


def main() -> None:
    """Run dvc until it is done, is told to end (SIGTERM), or the command that started it is gone."""
    command, *arguments = sys.argv[1:]
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGALRM, _end)
    die_with_parent()
    if os.getppid() != int(command):
        sys.exit(1)
    sys.argv[1:] = arguments
    runpy.run_module("dvc", run_name="__main__", alter_sys=True)


def _end(*_: object) -> None:
    """End the stage and this process; but let dvc finish what it does under its repository lock."""
    global _told_to_end
    _told_to_end = _told_to_end or time.monotonic()
    if _writing() and time.monotonic() - _told_to_end < SECONDS_TO_FINISH:
        signal.setitimer(signal.ITIMER_REAL, SECONDS_BETWEEN_LOOKS)
        return
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(128 + signal.SIGTERM)


def _writing() -> bool:
    """Return whether this process holds DVC's repository lock, as it does except while a stage runs."""
    try:
        with LOCK.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read().strip() == str(os.getpid())
    except FileNotFoundError:
        pass
    return False


if __name__ == "__main__":
    main()
