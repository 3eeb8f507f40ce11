"""How far long work has come: a bar on a terminal, elsewhere a line now and then."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30


@contextmanager
def progress(title: str, total: int, *, in_bytes: bool = False, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Yield what is to be called with each further piece of work done.

    Args:
        title: What is going on, as a reader is told.
        total: All there is to do.
        in_bytes: Whether the work is counted in bytes, which are told as megabytes or gigabytes.
        done: What an earlier run has done of it.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        counted = DownloadColumn() if in_bytes else MofNCompleteColumn()
        columns = (TextColumn("{task.description}"), BarColumn(), counted, TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bars:
            task = bars.add_task(title, total=total, completed=done)
            yield lambda further: bars.advance(task, further)
        return

    start = last_line = time.monotonic()
    reached = done

    def advance(further: int) -> None:
        nonlocal reached, last_line
        reached += further
        now = time.monotonic()
        if now - last_line < SECONDS_BETWEEN_LINES or reached >= total or reached == done:
            return
        last_line = now
        left = duration((now - start) / (reached - done) * (total - reached))
        if in_bytes:
            logger.info("%s: %d of %d MB, %s left", title, reached // 10**6, total // 10**6, left)
        else:
            logger.info("%s: %s of %s, %s left", title, f"{reached:,}", f"{total:,}", left)

    yield advance


def track(items: Iterable[T], title: str, total: int) -> Iterator[T]:
    """Yield items, and tell how far they have come.

    Args:
        items: Work that is done as they are asked for.
        title: What is going on, as a reader is told.
        total: How many there are.
    """
    with progress(title, total) as advance:
        for item in items:
            yield item
            advance(1)


def duration(seconds: float) -> str:
    """Return a duration as one reads it: 42 s, 3 min 05 s, 2 h 07 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
