"""Wait for conditions, and list the processes that still run."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PATIENCE = 60  # seconds; only a failing test waits this long


def wait_until(condition: Callable[[], object], describe: Callable[[], object] = str, patience: int = PATIENCE) -> None:
    """Wait until a condition is true; after `patience` seconds fail with what `describe` returns."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, describe()
        time.sleep(0.02)


def alive(process: int) -> bool:
    """Return whether a process still runs; a zombie, whose parent has not waited for it, does not."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def running_commands(folder: Path) -> list[list[str]]:
    """Return the command lines of the processes that run in a folder, except this process."""
    commands = []
    for process in psutil.process_iter(["cwd", "status", "cmdline"]):
        facts = process.info
        if process.pid == os.getpid() or facts["status"] == psutil.STATUS_ZOMBIE or not facts["cwd"]:
            continue
        if Path(facts["cwd"]).is_relative_to(folder):
            commands.append(facts["cmdline"])
    return commands


def wait_until_nothing_runs(folder: Path) -> None:
    """Wait until no process runs in a folder."""
    wait_until(lambda: not running_commands(folder), lambda: running_commands(folder))
