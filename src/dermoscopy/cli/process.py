"""Run dvc as if it had been typed."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def run_dvc(*arguments: str) -> int:
    """Run dvc with this environment's Python, on this terminal; return its exit code."""
    process = subprocess.Popen(command(*arguments), env=environment())
    # Told to end, it takes dvc with it, and that its stage.
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal sent it to dvc as well, which ends its stage first.
            continue


def command(*arguments: str) -> list[str]:
    """Return the command line of a dvc that ends with this process, whatever ends it."""
    return [sys.executable, "-m", "dermoscopy.cli.dvc", str(os.getpid()), *arguments]


def environment() -> dict[str, str]:
    """Return this environment, in which the stages' `python` is this one, activated or not."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path}
