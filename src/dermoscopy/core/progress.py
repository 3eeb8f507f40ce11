"""How far long work has come: a bar on a terminal, elsewhere a line now and then."""

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
    """Yield what is to be called with how far the work has come: the share that is done, 0 to 1, and the words.

    Args:
        title: What is going on, as a reader is told.
        log: Where lines go when there is no terminal.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[words]}"))
        with Progress(*columns, console=console, transient=True) as bars:
            task = bars.add_task(title, total=1.0, words="")
            yield lambda share, words: bars.update(task, completed=share, words=words)
        return

    last_line = time.monotonic()

    def tell(share: float, words: str) -> None:
        nonlocal last_line
        now = time.monotonic()
        if now - last_line >= SECONDS_BETWEEN_LINES and share < 1:
            last_line = now
            log.info("%s: %s", title, words)

    yield tell


@contextmanager
def progress(title: str, total: int, *, in_bytes: bool = False, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Yield what is to be called with each further piece of work done.

    Args:
        title: What is going on, as a reader is told.
        total: All there is to do.
        in_bytes: Whether the work is counted in bytes, which are told as megabytes.
        done: What an earlier run has done of it.
    """
    start = time.monotonic()
    reached = done

    def words() -> str:
        counted = f"{reached // 10**6:,} of {total // 10**6:,} MB" if in_bytes else f"{reached:,} of {total:,}"
        if reached == done:  # no speed yet
            return counted
        left = (time.monotonic() - start) / (reached - done) * (total - reached)
        return f"{counted}, {duration(left)} left"

    with display(title) as show:
        show(reached / max(total, 1), words())

        def advance(further: int) -> None:
            nonlocal reached
            reached += further
            if reached > done:
                show(reached / max(total, 1), words())

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
