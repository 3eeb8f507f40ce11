"""Stages that do not depend on each other, run by as many dvc at the same time."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

from dermoscopy.cli.display import Display
from dermoscopy.cli.dvc import SECONDS_TO_FINISH
from dermoscopy.cli.process import command, environment
from dermoscopy.networks.gpus import idlest

LAST_LINES = 20  # of a failed branch, told again at the end
SECONDS_TO_END = 2 * SECONDS_TO_FINISH

Lines = SimpleQueue["tuple[Branch, str | None]"]


@dataclass(eq=False)
class Branch:
    """A stage that runs.

    Attributes:
        stage: Its name.
        gpus: Those it may use, as CUDA_VISIBLE_DEVICES takes them; null for all there are, or none.
        process: Its dvc, which leads a process group.
        last: Its last lines.
    """

    stage: str
    gpus: str | None
    process: subprocess.Popen[str]
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))


def run_branches(stages: Sequence[str], jobs: int, gpus: Sequence[str], display: Display) -> list[Branch]:
    """Run stages at the same time; return those that failed, when all have ended.

    Each is `dvc repro --single-item`, so DVC decides what there is to do. It waits for the repository lock, which
    another dvc holds while it writes dvc.lock, as long as it takes. Ctrl-C or SIGTERM ends all of them.

    Args:
        stages: Their names.
        jobs: How many run at the same time.
        gpus: Shares of them; a branch is given the one that the fewest use.
        display: Told of each line they print, and how they end.

    Raises:
        KeyboardInterrupt: Somebody ended it; nothing runs any more.
    """
    waiting = deque(stages)
    running: list[Branch] = []
    failed: list[Branch] = []
    lines: Lines = SimpleQueue()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                share = idlest(gpus, [branch.gpus for branch in running])
                running.append(_start(waiting.popleft(), share, lines))
                display.tell(running[-1].stage, f"started on {share}" if share else "started")
            branch, line = lines.get()
            if line is not None:
                branch.last.append(line)
                display.tell(branch.stage, line)
                continue
            code = branch.process.wait()
            running.remove(branch)
            if code == 0:
                display.end(branch.stage, "done")
            else:
                failed.append(branch)
                display.end(branch.stage, "failed")
    except BaseException:
        _end(running)
        raise
    return failed


def _start(stage: str, gpus: str | None, lines: Lines) -> Branch:
    # Neither a process group of its own nor a closed standard input lets the terminal reach it.
    process = subprocess.Popen(
        command("--wait-for-lock", "repro", "--single-item", stage),
        env=environment() | {"PYTHONUNBUFFERED": "1"} | _share(gpus),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )
    branch = Branch(stage, gpus, process)
    threading.Thread(target=_read, args=(branch, lines), daemon=True).start()
    return branch


def _share(gpus: str | None) -> dict[str, str]:
    return {"CUDA_VISIBLE_DEVICES": gpus} if gpus is not None else {}


def _read(branch: Branch, lines: Lines) -> None:
    assert branch.process.stdout is not None
    with branch.process.stdout as output:
        for line in output:
            if line.strip():
                lines.put((branch, line.rstrip()))
    lines.put((branch, None))


def _end(branches: Sequence[Branch]) -> None:
    """End branches, and wait until they have; told to end once more, at once."""
    for branch in branches:
        branch.process.terminate()
    try:
        for branch in branches:
            branch.process.wait(SECONDS_TO_END)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        pass
    for branch in branches:
        if branch.process.poll() is None:
            os.killpg(branch.process.pid, signal.SIGKILL)
            branch.process.wait()
