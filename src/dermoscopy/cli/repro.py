"""Run the pipeline with its train stages at the same time, each in its own dvc, and display their output."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from dermoscopy.check.head import refuse_killed_experiment
from dermoscopy.check.locks import refuse_while_at_work
from dermoscopy.cli.dvc import SECONDS_TO_FINISH, command, environment, run_dvc
from dermoscopy.cli.repository import top_folder
from dermoscopy.core.interrupt import INTERRUPTED
from dermoscopy.core.params import Positive, load
from dermoscopy.core.pipeline import trained_members
from dermoscopy.networks.devices import divide_gpus, least_used, visible_gpus

if TYPE_CHECKING:
    from rich.progress import Progress


class Display(Protocol):
    """Display of the output of stages that run at the same time."""

    def show_line(self, stage: str, line: str) -> None:
        """Show a line that a stage printed."""

    def show_end(self, stage: str, outcome: str) -> None:
        """Show that a stage has ended, with its outcome: done or failed."""


class AllLines:
    """Display of every line, prefixed with the name of its stage."""

    def show_line(self, stage: str, line: str) -> None:
        """Print a line that a stage printed."""
        print(f"{stage}: {line}", file=sys.stderr, flush=True)

    show_end = show_line


class LinePerStage:
    """Display of one line per stage: its name, its running time and the last line that it printed.

    Args:
        stages: Names of the stages, in the order of the display.
        progress: Progress display of rich.
    """

    def __init__(self, stages: Sequence[str], progress: "Progress") -> None:
        self.progress = progress
        self.tasks = {stage: progress.add_task(stage, start=False, total=None, last="waiting") for stage in stages}

    def show_line(self, stage: str, line: str) -> None:
        """Replace the last line of a stage; its first line starts its clock."""
        self.progress.start_task(self.tasks[stage])
        self.progress.update(self.tasks[stage], last=line)

    def show_end(self, stage: str, outcome: str) -> None:
        """Show the outcome of a stage and stop its clock."""
        self.show_line(stage, outcome)
        self.progress.stop_task(self.tasks[stage])


@contextmanager
def display(stages: Sequence[str]) -> Iterator[Display]:
    """Yield the display of stages: one line per stage on a terminal, otherwise all lines.

    Args:
        stages: Names of the stages.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield AllLines()
        return

    from rich.progress import Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    one_line = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    last = TextColumn("{task.fields[last]}", markup=False, table_column=one_line)
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), last, console=console, expand=True) as lines:
        yield LinePerStage(stages, lines)


LAST_LINES = 20  # of a failed stage, printed again at the end
SECONDS_TO_END = 2 * SECONDS_TO_FINISH

Lines = SimpleQueue["tuple[RunningStage, str | None]"]


@dataclass(eq=False)
class RunningStage:
    """A stage that runs.

    Attributes:
        name: Name of the stage.
        gpus: Its GPUs as a value of CUDA_VISIBLE_DEVICES; None does not set the variable.
        process: Its dvc, which leads a process group.
        last: Last lines of its output.
    """

    name: str
    gpus: str | None
    process: subprocess.Popen[str]
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))


def run_stages(stages: Sequence[str], jobs: int, gpus: Sequence[str], display: Display) -> list[RunningStage]:
    """Run stages at the same time and return the failed ones after all have ended.

    Each stage runs with `dvc repro --single-item`, so DVC decides what has to run. It waits for the repository lock,
    which another dvc holds while it writes dvc.lock. Ctrl-C or SIGTERM ends all stages.

    Args:
        stages: Names of the stages.
        jobs: Number of stages that run at the same time.
        gpus: GPUs of one stage, as values of CUDA_VISIBLE_DEVICES; a stage gets the value that the fewest others use.
        display: Display of their output.

    Raises:
        KeyboardInterrupt: The run was interrupted; all stages have ended.
    """
    waiting = deque(stages)
    running: list[RunningStage] = []
    failed: list[RunningStage] = []
    lines: Lines = SimpleQueue()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                assigned = least_used(gpus, [stage.gpus for stage in running])
                running.append(_start(waiting.popleft(), assigned, lines))
                display.show_line(running[-1].name, f"started on {assigned}" if assigned else "started")
            stage, line = lines.get()
            if line is not None:
                stage.last.append(line)
                display.show_line(stage.name, line)
                continue
            code = stage.process.wait()
            running.remove(stage)
            if code == 0:
                display.show_end(stage.name, "done")
            else:
                failed.append(stage)
                display.show_end(stage.name, "failed")
    except BaseException:
        _end(running)
        _show_last_lines(running, lines, display)
        raise
    return failed


def _start(name: str, gpus: str | None, lines: Lines) -> RunningStage:
    # Its own process group and no standard input, so that the terminal does not reach it.
    process = subprocess.Popen(
        command("--wait-for-lock", "repro", "--single-item", name),
        env=environment() | {"PYTHONUNBUFFERED": "1"} | _visible_gpus(gpus),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )
    stage = RunningStage(name, gpus, process)
    threading.Thread(target=_read, args=(stage, lines), daemon=True).start()
    return stage


def _visible_gpus(gpus: str | None) -> dict[str, str]:
    return {"CUDA_VISIBLE_DEVICES": gpus} if gpus is not None else {}


def _read(stage: RunningStage, lines: Lines) -> None:
    assert stage.process.stdout is not None
    with stage.process.stdout as output:
        for line in output:
            if line.strip():
                lines.put((stage, line.rstrip().removeprefix(f"{stage.name}: ")))
    lines.put((stage, None))


def _end(stages: Sequence[RunningStage]) -> None:
    """Terminate stages and wait for them; a second interrupt or a timeout kills them."""
    for stage in stages:
        stage.process.terminate()
    try:
        for stage in stages:
            stage.process.wait(SECONDS_TO_END)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        pass
    for stage in stages:
        if stage.process.poll() is None:
            os.killpg(stage.process.pid, signal.SIGKILL)
            stage.process.wait()


def _show_last_lines(stages: Sequence[RunningStage], lines: Lines, display: Display) -> None:
    """Show what ended stages have printed since; the last line of each says what the next run does."""
    open_outputs = len(stages)
    with suppress(Empty):  # a process that survived its stage holds the output open
        while open_outputs:
            stage, line = lines.get(timeout=1)
            if line is None:
                open_outputs -= 1
            else:
                display.show_line(stage.name, line)


BEFORE_TRAINING = "audit"  # with the stages that it needs and check, all that training needs
JOBS_HELP = (
    "Number of members trained at the same time; default: all. It does not change the results. "
    "Without GPUs, jobs times runtime.threads should not exceed the number of cores."
)


def train_stages() -> list[str]:
    """Return the names of the train stages, one per member."""
    return [f"train@{member}" for member in trained_members()]


def repro(jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help=JOBS_HELP)] = None) -> None:
    """Run the pipeline like dvc repro, but train several members at the same time."""
    os.chdir(top_folder())
    refuse_while_at_work()
    refuse_killed_experiment()
    code = run_dvc("repro", BEFORE_TRAINING)
    if code != 0:
        raise typer.Exit(code)
    stages = train_stages()
    devices = load("runtime.devices", Positive)
    try:
        with display(stages) as shown:
            failed = run_stages(stages, jobs or len(stages), divide_gpus(visible_gpus(os.environ), devices), shown)
    except KeyboardInterrupt:
        print("Interrupted; all stages have ended. To continue: dvc repro or dermoscopy repro", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    if failed:
        print(failure(failed, stages), file=sys.stderr)
        raise typer.Exit(1)
    raise typer.Exit(run_dvc("repro"))


def failure(failed: list[RunningStage], stages: Sequence[str]) -> str:
    """Return the message about failed stages: their last lines, their logs and the stages that are done.

    Args:
        failed: Stages that failed.
        stages: Names of all stages that were run.
    """
    outputs = [f"\n{stage.name} failed with:\n  " + "\n  ".join(stage.last) for stage in failed]
    names = {stage.name for stage in failed}
    done = [stage for stage in stages if stage not in names]
    kept = f" Done and kept: {', '.join(done)}." if done else ""
    logs = ", ".join(f"runs/{stage.name}.log" for stage in failed)
    return "\n".join(
        [
            *outputs,
            f"\nFailed: {', '.join(stage.name for stage in failed)} ({logs}).{kept}",
            "The stages after training did not run. Fix the error and rerun.",
        ]
    )
