import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from types import SimpleNamespace

import pytest

from dermoscopy.core import progress as module
from dermoscopy.core.progress import SECONDS_BETWEEN_LINES, duration, progress, track


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment variables that rich reads, as on most terminals."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_progress_logs_a_line_every_30_seconds(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with progress("Decoding", 10_015) as advance:
        for _ in range(100):
            clock.now += 1
            advance(50)
    assert len(caplog.messages) == 100 // SECONDS_BETWEEN_LINES
    assert caplog.messages[0] == "Decoding: 1,500 of 10,015, 2 min 50 s left"


def test_bytes_are_told_as_megabytes(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with progress("part_1.zip", 1_366_522_108, in_bytes=True) as advance:
        clock.now += 60
        advance(500_000_000)
    assert caplog.messages == ["part_1.zip: 500 of 1,366 MB, 1 min 44 s left"]


def test_time_left_does_not_count_the_work_of_an_earlier_run(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with progress("Decoding", 1000, done=800) as advance:
        clock.now += 40
        advance(0)
        advance(100)
    assert caplog.messages == ["Decoding: 900 of 1,000, 40 s left"]


def test_short_work_and_the_end_are_not_logged(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with progress("Decoding", 10) as advance:
        advance(9)
        clock.now += 3600
        advance(1)
    assert caplog.messages == []


def test_track_yields_the_items_and_counts_each_when_it_is_done(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def slow() -> Iterator[int]:
        yield from range(4)

    seen = []
    for item in track(slow(), "Copying", 4):
        seen.append(item)
        clock.now += 31
    assert seen == [0, 1, 2, 3]
    assert caplog.messages == [
        "Copying: 1 of 4, 1 min 33 s left",
        "Copying: 2 of 4, 1 min 02 s left",
        "Copying: 3 of 4, 31 s left",
    ]


def test_a_terminal_shows_a_bar_and_no_lines(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with redirect_stderr(Terminal()) as terminal, progress("Decoding", 10, done=4) as advance:
        clock.now += 3600
        advance(1)
    assert "Decoding" in terminal.getvalue()
    assert "5 of 10, 5 h 00 min left" in terminal.getvalue()
    assert caplog.messages == []


def test_a_terminal_shows_bytes_as_megabytes() -> None:
    with (
        redirect_stderr(Terminal()) as terminal,
        progress("part_1.zip", 1_366_522_108, in_bytes=True, done=5 * 10**8),
    ):
        pass
    assert "500 of 1,366 MB" in terminal.getvalue()


def test_the_bar_is_erased_when_the_work_fails() -> None:
    with redirect_stderr(Terminal()) as terminal, pytest.raises(RuntimeError), progress("Decoding", 10):
        raise RuntimeError
    shows_cursor, erases_line = "\x1b[?25h", "\x1b[2K"
    assert shows_cursor in terminal.getvalue()
    assert terminal.getvalue().endswith(erases_line)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3600, "1 h 00 min"), (7659, "2 h 07 min")],
)
def test_duration_is_formatted(seconds: float, text: str) -> None:
    assert duration(seconds) == text
