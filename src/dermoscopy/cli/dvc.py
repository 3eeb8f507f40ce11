"""dvc that ends with the command which started it, and takes its stage along.

python -m dermoscopy.cli.dvc <process id of that command> repro …

A stage dies with dvc only from when it has said so (`die_with_parent`), a second or two after its start; and dvc,
ended at a bad moment, leaves half of dvc.lock, or files that the next dvc believes to be in use. Here neither
happens: the stage is killed, and dvc comes to its own end, as if the stage had failed.
"""

import contextlib
import math
import os
import runpy
import signal
import sys
import time

import psutil

from dermoscopy.parent import die_with_parent

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


if __name__ == "__main__":
    main()
