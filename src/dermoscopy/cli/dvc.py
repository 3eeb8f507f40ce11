"""Run DVC as a child that is terminated, with its stage, when the parent exits.

python -m dermoscopy.cli.dvc <process id of the parent> repro …

A stage ends with dvc only after it has called `die_with_parent`, a second or two after its start. And a dvc that is
killed at a bad moment leaves an incomplete dvc.lock, or files that the next dvc believes to be in use. This module
avoids both: it ends the stage, and dvc then exits as if the stage had failed.
"""

import contextlib
import importlib
import logging
import math
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from dermoscopy.check.writable import require_writable
from dermoscopy.core.errors import os_error_message
from dermoscopy.core.interrupt import INTERRUPTED, TERMINATED
from dermoscopy.core.stage import die_with_parent

SITE_CACHE = Path(".dvc/tmp/site")  # the Makefile has it too
SITE_CACHE_VARIABLE = "DVC_SITE_CACHE_DIR"
SECONDS_TO_FINISH = 10.0
SECONDS_TO_KILL = 5.0  # in which a terminated stage prints its last line
SECONDS_BETWEEN_SIGNALS = 0.05


def main() -> None:
    """Run dvc until it exits, receives SIGTERM or SIGHUP, or its parent has exited."""
    parent, *arguments = sys.argv[1:]
    terminate = _Terminate()
    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGALRM, terminate)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup ignores it
        signal.signal(signal.SIGHUP, terminate)  # the terminal has been closed
    die_with_parent(signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit(1)
    sys.argv[1:] = arguments
    errors = PlainErrors()
    importlib.import_module("dvc")  # which sets the handlers of its log
    for handler in logging.getLogger("dvc").handlers:
        handler.addFilter(errors)
    try:
        use_private_site_cache()
        runpy.run_module("dvc", run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if terminate.first_signal < math.inf:
            sys.exit(TERMINATED)  # never 0, because the parent would start the next stage
        if errors.interrupted:
            sys.exit(INTERRUPTED)


def use_private_site_cache() -> None:
    """Set the folder from which dvc reads pickles, unless the user has set it. Every user can write the default one."""
    from dvc.config import Config, ConfigError

    folder = str(SITE_CACHE.absolute())
    with contextlib.suppress(ConfigError):  # which dvc reports
        configured = os.environ.get(SITE_CACHE_VARIABLE) or Config.from_cwd()["core"].get("site_cache_dir", folder)
        if configured == folder:  # also by `make install`
            SITE_CACHE.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(PermissionError):  # it is of another user, which dvc reports
                SITE_CACHE.chmod(0o700)  # dvc itself would let every user write
            os.environ[SITE_CACHE_VARIABLE] = folder


# How dvc's error about an interrupted stage ends. Before the stage has set its handlers, the signal itself ends it.
ENDS = tuple(f"exited with {code}" for code in (INTERRUPTED, -signal.SIGINT, TERMINATED, -signal.SIGTERM))


class PlainErrors(logging.Filter):
    """Filter of dvc's log: says what to do about an error of the operating system, and hides an interrupted stage.

    An interrupted stage has printed a line itself.
    """

    interrupted = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to show a record; change its message if it is about an error of the operating system."""
        error = record.exc_info[1] if record.exc_info else None
        while error is not None:
            if str(error).endswith(ENDS):
                self.interrupted = True
                return False
            if isinstance(error, OSError) and (message := os_error_message(error)):
                record.msg, record.args, record.exc_info = "%s", (message,), None
                return True
            error = error.__cause__
        return True


class _Terminate:
    """Handler of SIGTERM, of SIGHUP and of the timer that it starts."""

    first_signal = math.inf  # time.monotonic() of the first signal

    def __call__(self, *_: object) -> None:
        """End the running stage, and any that dvc still starts; exit if dvc takes more than SECONDS_TO_FINISH."""
        now = time.monotonic()
        self.first_signal = min(self.first_signal, now)
        kill = now - self.first_signal > SECONDS_TO_KILL
        for child in psutil.Process().children(recursive=kill):
            with contextlib.suppress(psutil.NoSuchProcess):  # the child has exited meanwhile
                child.kill() if kill else child.terminate()
        if now - self.first_signal > SECONDS_TO_FINISH:
            os._exit(TERMINATED)
        signal.setitimer(signal.ITIMER_REAL, SECONDS_BETWEEN_SIGNALS)


def run_dvc(*arguments: str) -> int:
    """Run dvc in this terminal with the Python of this environment and return its exit code.

    Args:
        arguments: Arguments of dvc.

    Raises:
        ProblemsError: A folder of the project cannot be written; dvc would stop with another message.
    """
    require_writable()
    process = subprocess.Popen(command(*arguments), env=environment())
    # Pass SIGTERM on to dvc, which kills its stage.
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal has sent Ctrl-C to dvc too; wait until dvc has ended its stage.
                continue
    finally:
        signal.signal(signal.SIGTERM, before)


def command(*arguments: str) -> list[str]:
    """Return the command line of a dvc that is terminated when this process exits.

    Args:
        arguments: Arguments of dvc.
    """
    return [sys.executable, "-m", "dermoscopy.cli.dvc", str(os.getpid()), *arguments]


def environment() -> dict[str, str]:
    """Return the environment variables, with a PATH on which `python` is this Python."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path}


if __name__ == "__main__":
    main()
