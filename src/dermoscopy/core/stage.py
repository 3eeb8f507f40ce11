"""Run a stage: --help, exit codes of errors, the log and the cost in `runs/`, ending with the parent process."""

import argparse
import contextlib
import ctypes
import inspect
import json
import logging
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from dermoscopy.core.environment import fix_environment, restart
from dermoscopy.core.errors import UserError, os_error_message
from dermoscopy.core.files import write_text
from dermoscopy.core.interrupt import end_on_interrupt
from dermoscopy.core.pipeline import PIPELINE, later_results

FINISHED = "finished"  # empty file in a checkpoint whose training has ended

logger = logging.getLogger("dermoscopy")


def die_with_parent(number: int = signal.SIGKILL, parent: int | None = None) -> None:
    """End this process when its parent ends; an orphan would go on training next to its successor.

    Args:
        number: Signal that this process then receives.
        parent: Process id of the parent, if it may have ended before this call.
    """
    parent = os.getppid() if parent is None else parent
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, number)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, daemon=True).start()


def run(stage: Callable[..., Mapping[str, Any] | None], validate: Callable[..., None] | None = None) -> None:
    """Run a stage with the arguments of the command line, and exit with a code for DVC.

    The user's environment variables that would change the outputs have no effect, see `core.environment`.

    Exit codes: 0 success, 2 an error that a user can fix (printed without a traceback), 1 any other error.
    Time and memory are written to `runs/`, which is in neither git nor DVC; of an error that a user can fix, also its
    class.

    Args:
        stage: Function of the stage. Its docstring is the help; its parameters are strings and become positional
            arguments. The mapping it returns is written to `runs/` with the cost.
        validate: Function of the same arguments that raises a `UserError` if they are invalid. It is called first,
            since the files in `runs/` are named after the arguments.
    """
    if fix_environment():
        restart()
    parser = argparse.ArgumentParser(description=stage.__doc__)
    for name in inspect.signature(stage).parameters:
        parser.add_argument(name)
    arguments = vars(parser.parse_args())
    try:
        if validate:
            validate(*arguments.values())
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)

    die_with_parent()
    name = "@".join([stage.__name__, *arguments.values()])
    end_on_interrupt(name)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[_Stderr()])
    logging.raiseExceptions = False  # on a full disk the log cannot be written either
    logger.setLevel(logging.INFO)
    sys.exit(_run_and_record(stage, arguments, records(), name))


def _run_and_record(
    stage: Callable[..., Mapping[str, Any] | None], arguments: dict[str, str], runs: Path, name: str
) -> int:
    """Run a stage with its log and its cost in the folder `runs`, and return its exit code."""
    start = time.perf_counter()
    code = 1
    facts: Mapping[str, Any] = {}
    cost_file = runs / f"{name}.json"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        cost_file.unlink(missing_ok=True)
        log = logging.FileHandler(runs / f"{name}.log", mode="w", encoding="utf-8", errors="backslashreplace")
        log.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logging.getLogger().addHandler(log)
        facts = stage(**arguments) or {}
        empty_later_results(name)
        code = 0
    except UserError as error:
        code, facts = 2, {"error": type(error).__name__}
        logger.error("%s", error)
    except Exception as error:
        message = os_error_message(error) if isinstance(error, OSError) else None
        _log_traceback()
        if message is None:
            raise
        code = 2
        logger.error("%s", message)
    finally:
        cost = {
            "exit": code,
            "seconds": round(time.perf_counter() - start, 2),
            "peak_memory_mb": peak_memory() // 2**20,
            **facts,
        }
        with contextlib.suppress(OSError):  # the disk is full or read-only, which has been reported
            cost_file.write_text(json.dumps(cost) + "\n")
    return code


def empty_later_results(name: str) -> None:
    """Remove all values from the metrics and charts of the stages after a stage: they are of earlier outputs of it.

    If a run ends before these stages, `dvc exp show` and `dvc metrics diff` would show them beside those of this run.
    The files stay: DVC logs errors about missing ones.

    Args:
        name: Name of the stage in DVC, for example train@cnn_a.
    """
    for path in later_results(name) if PIPELINE.is_file() else []:
        if path.is_file():
            header = path.read_text(encoding="utf-8").partition("\n")[0]
            write_text(path, f"{header if path.suffix == '.csv' else '{}'}\n")


def _log_traceback() -> None:
    """Write the traceback of the current error to the log file, but not to stderr."""
    record = logger.makeRecord(logger.name, logging.CRITICAL, __file__, 0, "unexpected error", (), sys.exc_info())
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            handler.emit(record)


def checkpoints() -> Path:
    """Return the folder of checkpoints, in the project's folder, since a queued experiment's folder is temporary."""
    return project() / ".checkpoints"


def remove_finished(folder: Path) -> None:
    """Remove the checkpoints of finished trainings.

    A stage after training calls this, not training itself: if DVC is killed before it writes dvc.lock, it runs
    training again, which then needs its checkpoint.

    Args:
        folder: Folder of all checkpoints.
    """
    for mark in folder.glob(f"*/{FINISHED}"):
        shutil.rmtree(mark.parent, ignore_errors=True)


def project() -> Path:
    """Return the project's folder, also in a stage of a queued experiment, which runs in another folder."""
    return Path(os.environ.get("DVC_ROOT", "."))


def records() -> Path:
    """Return the folder of logs and costs: `runs/` in the project's folder.

    For an experiment that runs in another folder it is `runs/<name of the experiment>/`: the next one would overwrite
    them, and the other folder is temporary.
    """
    runs = project() / "runs"
    experiment = os.environ.get("DVC_EXP_NAME")
    return runs / experiment if experiment and Path.cwd() != project().resolve() else runs


class _Stderr(logging.StreamHandler[TextIO]):
    """Handler that looks up sys.stderr for each line, since a progress bar replaces it."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        """Ignore the stream that the base class sets."""


def peak_memory() -> int:
    """Return the peak resident memory of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
