"""Which processes still run, and waiting for them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PATIENCE = 60  # seconds; only a test that fails waits so long


def wait_until(what: Callable[[], object], otherwise: Callable[[], object] = str, patience: int = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not what():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.02)


def alive(process: int) -> bool:
    """Return whether a process still runs; one that has ended and that nobody has asked about does not."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def living(folder: Path) -> list[list[str]]:
    """Return the command lines of the processes at work in a folder, this one apart."""
    found = []
    for process in psutil.process_iter(["cwd", "status", "cmdline"]):
        about = process.info
        if process.pid == os.getpid() or about["status"] == psutil.STATUS_ZOMBIE or not about["cwd"]:
            continue
        if Path(about["cwd"]).is_relative_to(folder):
            found.append(about["cmdline"])
    return found


def wait_until_nothing_lives(folder: Path) -> None:
    wait_until(lambda: not living(folder), lambda: living(folder))
