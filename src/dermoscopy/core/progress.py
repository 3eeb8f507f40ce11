"""Show progress: a bar on a terminal, otherwise a log line now and then."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 30
WIDTH = 80  # characters of a line where there is no terminal
BAR_WIDTH = 20


def one_line(title: str, facts: Iterable[str], reserved: int = 0) -> str:
    """Return `title: fact, fact` without the last facts that do not fit into a line of the terminal.

    Args:
        title: Name of the work.
        facts: Facts, the most important ones first.
        reserved: Number of characters of the line that are used otherwise.
    """
    from rich.console import Console

    console = Console(stderr=True)
    width = (console.width if console.is_terminal else WIDTH) - reserved
    line, separator = title, ": "
    for fact in facts:
        longer = f"{line}{separator}{fact}"
        if len(longer) > width:
            break
        line, separator = longer, ", "
    return line


@contextmanager
def display(title: str, log: logging.Logger = logger) -> Iterator[Callable[[float, Sequence[str]], None]]:
    """Yield a function that shows the progress, given the fraction done (0 to 1) and facts, the most important first.

    Args:
        title: Name of the work, shown before the facts.
        log: Logger of the lines when there is no terminal.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(bar_width=BAR_WIDTH), TextColumn("{task.description}", markup=False))
        with Progress(*columns, console=console, transient=True) as bars:
            task = bars.add_task(title, total=1.0)
            yield lambda fraction, facts: bars.update(
                task, completed=fraction, description=one_line(title, facts, reserved=BAR_WIDTH + 2)
            )
        return

    last_line = time.monotonic()

    def log_line(fraction: float, facts: Sequence[str]) -> None:
        nonlocal last_line
        now = time.monotonic()
        if now - last_line >= SECONDS_BETWEEN_LINES and fraction < 1:
            last_line = now
            log.info("%s", one_line(title, facts))

    yield log_line


@contextmanager
def progress(title: str, total: int, *, in_bytes: bool = False, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Yield a function that advances the progress by a number of items or bytes.

    Args:
        title: Name of the work.
        total: Number of items or bytes in all.
        in_bytes: Whether bytes are counted; they are shown as megabytes.
        done: Number of items or bytes that an earlier run has done.
    """
    start = time.monotonic()
    reached = done

    def facts() -> list[str]:
        counted = f"{reached // 10**6:,} of {total // 10**6:,} MB" if in_bytes else f"{reached:,} of {total:,}"
        if reached == done:  # the speed is not known yet
            return [counted]
        left = (time.monotonic() - start) / (reached - done) * (total - reached)
        return [counted, f"{duration(left)} left"]

    with display(title) as show:
        show(reached / max(total, 1), facts())

        def advance(further: int) -> None:
            nonlocal reached
            reached += further
            if reached > done:
                show(reached / max(total, 1), facts())

        yield advance


def track(items: Iterable[T], title: str, total: int) -> Iterator[T]:
    """Yield items, and show the progress.

    Args:
        items: Items, each computed when it is requested.
        title: Name of the work.
        total: Number of items.
    """
    with progress(title, total) as advance:
        for item in items:
            yield item
            advance(1)


def duration(seconds: float) -> str:
    """Format a duration: 42 s, 3 min 05 s, 2 h 07 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
