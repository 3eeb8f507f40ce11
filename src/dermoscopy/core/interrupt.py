"""End a stage at once on Ctrl-C or SIGTERM, with one line that says what the next run does.

A Python exception would have to pass through TensorFlow, which replaces it or prints its own traceback. A stage may end
at any moment, since files are replaced atomically; so it exits in the signal handler.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INTERRUPTED = 128 + signal.SIGINT  # exit codes
TERMINATED = 128 + signal.SIGTERM

ERASE_LINE, SHOW_CURSOR = "\r\x1b[2K", "\x1b[?25h"  # for the terminal, whose line a progress bar may have written

_next_run: list[Callable[[], str]] = [lambda: "The next run begins with this stage; finished stages are kept."]


def end_on_interrupt(name: str) -> None:
    """End this process on SIGINT or SIGTERM with a line on stderr, and exit code 130 or 143.

    Args:
        name: Name of the stage, with which the line begins.
    """
    stderr = os.dup(2)  # while TensorFlow is imported, 2 is /dev/null

    def end(number: int, _: object) -> None:
        for other in (signal.SIGINT, signal.SIGTERM):
            signal.signal(other, signal.SIG_IGN)
        what = "interrupted" if number == signal.SIGINT else "terminated"
        terminal = ERASE_LINE + SHOW_CURSOR if os.isatty(stderr) else ""
        # Not print: the signal may have interrupted another print.
        os.write(stderr, f"{terminal}{name}: {what}. {_next_run[-1]()}\n".encode())
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # for a background job, the shell ignores Ctrl-C
            signal.signal(number, end)


@contextmanager
def next_run(describe: Callable[[], str]) -> Iterator[None]:
    """While the block runs, the line of an interrupted stage ends with what `describe` returns.

    Args:
        describe: Function that returns a sentence about the next run.
    """
    _next_run.append(describe)
    try:
        yield
    finally:
        _next_run.remove(describe)


@contextmanager
def no_interrupts() -> Iterator[None]:
    """Ignore SIGINT while the block runs; processes that the block starts ignore it for ever.

    Ctrl-C reaches all processes of a terminal, and each worker process would print a traceback. They end with their
    parent instead. The process that removes their shared memory then would warn of each piece.
    """
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    filters = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [filters, "ignore:resource_tracker:UserWarning"]))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if filters is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = filters
