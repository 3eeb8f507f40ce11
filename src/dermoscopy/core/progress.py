"""Show progress: a bar on a terminal, otherwise a log line now and then."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 30


@contextmanager
def display(title: str, log: logging.Logger = logger) -> Iterator[Callable[[float, str], None]]:
    """Yield a function that shows the progress, given the fraction done (0 to 1) and a text.

    Args:
        title: Name of the work, shown before the text.
        log: Logger of the lines when there is no terminal.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[text]}"))
        with Progress(*columns, console=console, transient=True) as bars:
            task = bars.add_task(title, total=1.0, text="")
            yield lambda fraction, text: bars.update(task, completed=fraction, text=text)
        return

    last_line = time.monotonic()

    def log_line(fraction: float, text: str) -> None:
        nonlocal last_line
        now = time.monotonic()
        if now - last_line >= SECONDS_BETWEEN_LINES and fraction < 1:
            last_line = now
            log.info("%s: %s", title, text)

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

    def text() -> str:
        counted = f"{reached // 10**6:,} of {total // 10**6:,} MB" if in_bytes else f"{reached:,} of {total:,}"
        if reached == done:  # the speed is not known yet
            return counted
        left = (time.monotonic() - start) / (reached - done) * (total - reached)
        return f"{counted}, {duration(left)} left"

    with display(title) as show:
        show(reached / max(total, 1), text())

        def advance(further: int) -> None:
            nonlocal reached
            reached += further
            if reached > done:
                show(reached / max(total, 1), text())

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
