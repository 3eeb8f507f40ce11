"""dvc that ends with the command which started it, and takes its stage along.

python -m dermoscopy.cli.dvc <process id of that command> repro …

A stage dies with dvc only from when it has said so (`die_with_parent`), a second or two after its start; and dvc,
ended at a bad moment, leaves half of dvc.lock, or files that the next dvc believes to be in use. Here neither
happens: the stage is killed, and dvc comes to its own end, as if the stage had failed.

Run dvc as if it had been typed.

The git repository the pipeline needs around it.
"""

import contextlib
import math
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from dermoscopy.core.errors import UserError
from dermoscopy.core.params import read_yaml
from dermoscopy.core.stage import die_with_parent

SECONDS_TO_FINISH = 10.0
SECONDS_BETWEEN_LOOKS = 0.05
ENDED = 128 + signal.SIGTERM


def main() -> None:
    """Run dvc until it is done, is told to end (SIGTERM), or the command that started it is gone."""
    command, *arguments = sys.argv[1:]
    end = _End()
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGALRM, end)
    die_with_parent()
    if os.getppid() != int(command):
        sys.exit(1)
    sys.argv[1:] = arguments
    try:
        runpy.run_module("dvc", run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if end.told < math.inf:
            sys.exit(ENDED)  # and never 0, on which the next would begin


class _End:
    """What SIGTERM does."""

    told = math.inf  # when

    def __call__(self, *_: object) -> None:
        """Kill the stage, and any that dvc starts until it is gone, for which it has some seconds."""
        now = time.monotonic()
        self.told = min(self.told, now)
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended since
                child.kill()
        if now - self.told > SECONDS_TO_FINISH:
            os._exit(ENDED)
        signal.setitimer(signal.ITIMER_REAL, SECONDS_BETWEEN_LOOKS)


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


RESULTS = ("dvc.lock", "data", "metrics", "plots")


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError("git is not installed: DVC keeps its experiments in it.") from None


def top_folder() -> Path:
    """Return the top folder of the working directory's repository, which has a commit.

    Raises:
        UserError: There is no git, no repository or no commit.
    """
    found = _git("rev-parse", "--show-toplevel")
    if found.returncode:
        raise UserError(
            "This is not a git repository, and DVC needs one (a downloaded zip is none).\n"
            "Get the project with: git clone"
        )
    if _git("rev-parse", "--verify", "--quiet", "HEAD").returncode:
        raise UserError("This git repository has no commit yet: git add . && git commit -m start")
    return Path(found.stdout.strip())


def committed_params() -> dict[str, Any]:
    """Return params.yaml of the last commit; empty if it holds none."""
    shown = _git("show", "HEAD:./params.yaml")
    return (read_yaml(shown.stdout) or {}) if shown.returncode == 0 else {}


def results_differ() -> bool:
    """Return whether the results that git keeps are others than those of the last commit."""
    return bool(_git("status", "--porcelain", "--", *RESULTS).stdout)


if __name__ == "__main__":
    main()
