"""Find out from the lock files of DVC whether one of its processes works in this project."""

import fcntl
import json
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from dermoscopy.core.errors import UserError

FOLDER = Path(".dvc/tmp")
LOCK = FOLDER / "lock"  # held while DVC reads or writes dvc.lock
PATHS = FOLDER / "rwlock"  # the paths that a running stage reads and writes, with the process id of its dvc
EXPERIMENTS = FOLDER / "exps" / "rwlock"  # held while `dvc exp run` changes the working tree before its first stage
WORKSPACE = FOLDER / "exps" / "run" / "workspace" / "workspace.json"  # process id of a `dvc exp run`
SECONDS_TO_WAIT = 3.0  # for a short command such as dvc status; DVC waits as long for its lock


def refuse_while_at_work() -> None:
    """Raise an error if a dvc works in the project in the working directory.

    A record of paths that a killed dvc, or one on a full disk, has half-written is removed: every dvc would stop at it.

    Raises:
        UserError: One does; the message has its process id.
    """
    process = at_work()
    if process:
        raise UserError(
            f"A run is at work in this folder ({process}), so nothing was started or changed. Wait until it has ended."
        )
    _remove_broken_record()


def _remove_broken_record() -> None:
    try:
        json.loads(PATHS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError:
        PATHS.unlink(missing_ok=True)


def at_work() -> str | None:
    """Return the dvc that works in the project in the working directory, as `process 123`; None if there is none."""
    for path in (PATHS, EXPERIMENTS, WORKSPACE):
        for process in recorded_processes(path):
            if _wrote(process, path):
                return f"process {process}"
    return _lock_holder()


def killed_while_preparing() -> float | None:
    """Return the time at which a `dvc exp run` began to change the working tree, if it was killed while it did.

    The time is in seconds since 1970.
    """
    processes = list(recorded_processes(EXPERIMENTS))
    if not processes or any(_wrote(process, EXPERIMENTS) for process in processes):
        return None
    return EXPERIMENTS.stat().st_mtime


def experiment_started() -> float | None:
    """Return when the `dvc exp run` that works in this folder was started, in seconds since 1970; None if none does."""
    for process in recorded_processes(WORKSPACE):
        if _wrote(process, WORKSPACE):
            return float(psutil.Process(process).create_time())
    return None


def recorded_processes(path: Path) -> Iterator[int]:
    """Yield the process ids in a JSON file of DVC; none if it is missing or no JSON.

    Args:
        path: A file in which processes are recorded as `"pid": number`, at any depth.
    """
    try:
        yield from _process_ids(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return


def _process_ids(value: object) -> Iterator[int]:
    if isinstance(value, dict):
        if isinstance(value.get("pid"), int):
            yield value["pid"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _process_ids(item)


def _wrote(process: int, path: Path) -> bool:
    """Return whether a process runs that may have written a file: it started before the file's last change.

    A later process has the id of one that has ended.
    """
    try:
        found = psutil.Process(process)
        started_before = found.create_time() <= path.stat().st_mtime + 1
        return bool(started_before and found.status() != psutil.STATUS_ZOMBIE)
    except (psutil.NoSuchProcess, OSError):
        return False


def _lock_holder() -> str | None:
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            with LOCK.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
        except BlockingIOError:
            if time.monotonic() > deadline:
                return f"process {LOCK.read_text().strip()}"
        except OSError:  # no dvc has run here yet
            return None
        time.sleep(0.1)
