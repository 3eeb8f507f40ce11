"""What one sees of stages that run at the same time."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

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
