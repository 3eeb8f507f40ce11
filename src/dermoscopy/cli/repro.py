"""Run the pipeline with its train stages at the same time.

Stages that do not depend on each other, run by as many dvc at the same time.

What one sees of stages that run at the same time.
"""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from dermoscopy.cli.dvc import SECONDS_TO_FINISH, command, environment, run_dvc, top_folder
from dermoscopy.core.members import trained_members
from dermoscopy.core.params import Positive, load
from dermoscopy.networks.devices import divide_gpus, least_used, visible_gpus

if TYPE_CHECKING:
    from rich.progress import Progress


class Display(Protocol):
    """Where their lines go."""

    def tell(self, stage: str, line: str) -> None:
        """Show a line that a stage printed."""

    def end(self, stage: str, how: str) -> None:
        """Show how a stage ended."""


class Prefixed:
    """Every line, with its stage's name in front."""

    def tell(self, stage: str, line: str) -> None:
        """Print a line that a stage printed."""
        print(f"{stage}: {line}", file=sys.stderr, flush=True)

    end = tell


class LineEach:
    """One line a stage: its name, how long it has run, what it printed last.

    Args:
        stages: Their names, in the order of their lines.
        progress: What draws them.
    """

    def __init__(self, stages: Sequence[str], progress: "Progress") -> None:
        self.progress = progress
        self.tasks = {stage: progress.add_task(stage, start=False, total=None, last="waiting") for stage in stages}

    def tell(self, stage: str, line: str) -> None:
        """Replace a stage's last line; the first starts its clock."""
        self.progress.start_task(self.tasks[stage])
        self.progress.update(self.tasks[stage], last=line)

    def end(self, stage: str, how: str) -> None:
        """Stop a stage's clock."""
        self.tell(stage, how)
        self.progress.stop_task(self.tasks[stage])


@contextmanager
def display(stages: Sequence[str]) -> Iterator[Display]:
    """Yield what shows stages: on a terminal a line each, elsewhere every line of theirs.

    Args:
        stages: Their names.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Prefixed()
        return

    from rich.progress import Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    one_line = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    last = TextColumn("{task.fields[last]}", markup=False, table_column=one_line)
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), last, console=console, expand=True) as lines:
        yield LineEach(stages, lines)


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
                share = least_used(gpus, [branch.gpus for branch in running])
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


BEFORE = "audit"  # with all it needs, check first, it is all that training needs
INTERRUPTED = 130
JOBS_HELP = (
    "How many members train at the same time; all of them if it is left out. "
    "The results do not depend on it; the time does: "
    "so many times runtime.threads should fit the cores, unless there are GPUs."
)


def branches() -> list[str]:
    """Return the stages that run at the same time: the training of each member."""
    return [f"train@{member}" for member in trained_members()]


def repro(jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help=JOBS_HELP)] = None) -> None:
    """Run the pipeline as dvc repro does, but train several members at the same time."""
    os.chdir(top_folder())
    code = run_dvc("repro", BEFORE)
    if code != 0:
        raise typer.Exit(code)
    stages = branches()
    devices = load("runtime.devices", Positive)
    try:
        with display(stages) as shown:
            failed = run_branches(stages, jobs or len(stages), divide_gpus(visible_gpus(os.environ), devices), shown)
    except KeyboardInterrupt:
        print("Ended: no stage runs any more. To go on: dvc repro, or dermoscopy repro", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    if failed:
        print(failure(failed, stages), file=sys.stderr)
        raise typer.Exit(1)
    raise typer.Exit(run_dvc("repro"))


def failure(failed: list[Branch], stages: Sequence[str]) -> str:
    """Return what is told of branches that failed: their last lines, and what became of the others."""
    told = [f"\n{branch.stage} failed with:\n  " + "\n  ".join(branch.last) for branch in failed]
    names = {branch.stage for branch in failed}
    done = [stage for stage in stages if stage not in names]
    kept = f" Done and kept: {', '.join(done)}." if done else ""
    logs = ", ".join(f"runs/{branch.stage}.log" for branch in failed)
    return "\n".join(
        [
            *told,
            f"\nFailed: {', '.join(branch.stage for branch in failed)} ({logs}).{kept}",
            "What follows training was not run. Mend it, then run this again.",
        ]
    )
