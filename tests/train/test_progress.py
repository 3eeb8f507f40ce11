import io
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from types import SimpleNamespace

import pytest

from dermoscopy.core import progress as shared
from dermoscopy.train import monitoring as module
from dermoscopy.train.history import Epoch
from dermoscopy.train.monitoring import Progress, training_progress
from dermoscopy.train.phases import Phase

EPOCH = Epoch(1, "trained", 0.7, 0.5, 0.55, 0.69, 0.75, 0.5)
FROZEN, TRAINED = Phase("frozen", 3, 0.001, 0), Phase("trained", 4, 0.0001, "all")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
    monkeypatch.setattr(shared, "time", SimpleNamespace(monotonic=clock.monotonic))
    caplog.set_level(logging.INFO)
    return clock


def open_progress(*phases: Phase, done: int = 0) -> Iterator[Progress]:
    return training_progress("vgg19", phases, 100, 10, logging.getLogger("test"), done=done)


def epoch(clock: Clock, shown: Progress, seconds: float) -> None:
    """Count ten steps and the end of an epoch, in the given time."""
    for step in range(1, 11):
        clock.now += seconds / 10
        shown.step(step, 0.5)
    shown.epoch(EPOCH, chosen=False)


def test_each_epoch_logs_metrics_speed_and_time_left(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(TRAINED) as shown:
        shown.begin(0)
        epoch(clock, shown, 20)
    (line,) = caplog.messages
    facts = ["vgg19 epoch 1/4", "val ROC AUC 0.500", "1 min 00 s left", "val loss 0.690", "loss 0.700"]
    assert line.replace(":", ",").split(", ") == facts


def test_a_long_epoch_logs_a_line_every_30_seconds(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(TRAINED) as shown:
        shown.begin(0)
        epoch(clock, shown, 80)
    assert len(caplog.messages) == 3
    for line, step, left in zip(caplog.messages[:2], ("4/10", "8/10"), ("4 min 48 s", "4 min 16 s"), strict=True):
        assert all(fact in line for fact in ("vgg19", "epoch 1/4", f"step {step}", "1.2 images/s", left, "loss 0.5000"))


def test_the_first_step_which_traces_the_graph_is_left_out_of_the_speed(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with open_progress(TRAINED) as shown:
        shown.begin(0)
        clock.now += 1000
        shown.step(1, 0.5)
        assert caplog.messages == []
        clock.now += 2
        shown.step(2, 0.5)
    (line,) = caplog.messages
    assert all(fact in line for fact in ("epoch 1/4", "step 2/10", "5.0 images/s", "1 min 16 s"))


def test_before_the_last_phase_no_time_left_of_the_whole_training_is_shown(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Epochs of cached features are fast: their time says nothing about the epochs of the next phase."""
    with open_progress(FROZEN, TRAINED) as shown:
        shown.begin(0)
        for _ in range(3):
            epoch(clock, shown, 2)
        shown.begin(1)
        epoch(clock, shown, 200)
    assert [message.split(", ")[1:3] for message in caplog.messages if "val ROC" in message] == [
        ["4 s left in phase 1/2", "then 4 epochs"],
        ["2 s left in phase 1/2", "then 4 epochs"],
        ["0 s left in phase 1/2", "then 4 epochs"],
        ["10 min 00 s left", "val loss 0.690"],
    ]


def test_within_an_epoch_the_time_left_is_of_the_phase(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(FROZEN, TRAINED, done=1) as shown:
        shown.begin(0, trained=1)
        epoch(clock, shown, 80)
    assert "vgg19: epoch 2/7, 2 min 08 s left in phase 1/2, then 4 epochs, step 4/10" in caplog.messages[0]


def test_a_phase_that_ended_early_reduces_the_number_of_epochs(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(FROZEN, TRAINED) as shown:
        shown.begin(0)
        epoch(clock, shown, 20)
        shown.begin(1)
        epoch(clock, shown, 20)
    assert "vgg19 epoch 2/5:" in caplog.messages[-1]
    assert "1 min 00 s left" in caplog.messages[-1]


def test_epochs_of_a_killed_run_count_but_not_in_the_speed(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(FROZEN, TRAINED, done=5) as shown:  # the frozen phase had all its 3
        shown.begin(1, trained=2)
        assert shown.images_per_second is None
        epoch(clock, shown, 20)
        assert shown.images_per_second == 5
    assert "vgg19 epoch 6/7:" in caplog.messages[-1]
    assert "20 s left" in caplog.messages[-1]


def test_a_smaller_last_batch_is_counted_by_its_images(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with training_progress("vgg19", [TRAINED], 12, 10, logging.getLogger("test")) as shown:
        shown.begin(0)
        shown.step(1, 0.5)
        clock.now += 1
        shown.step(2, 0.5)
        assert shown.rate == 2
        shown.epoch(EPOCH, chosen=True)
    assert ", best so far" in caplog.messages[-1]


def test_a_terminal_shows_a_single_bar_for_the_stage(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    with redirect_stderr(Terminal()) as terminal, open_progress(TRAINED) as shown:
        shown.begin(0)
        for step in (1, 2, 3):
            clock.now += 40
            shown.step(step, 0.5)
    assert all(fact in terminal.getvalue() for fact in ("epoch 1/4", "step 3/10", "0.2 images/s"))
    assert caplog.messages == []


@pytest.mark.parametrize("width", [60, 80, 100, None])
def test_no_line_is_longer_than_the_terminal(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, width: int | None
) -> None:
    """Without a terminal, a line has 80 characters."""

    class Output(io.StringIO):
        def isatty(self) -> bool:
            return width is not None

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width or 200))
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    phases = (Phase("frozen", 100, 0.001, 0), Phase("trained", 200, 0.0001, "all"))
    with (
        redirect_stderr(Output()) as output,
        training_progress("inception_v3", phases, 10_000, 8, logging.getLogger("test"), done=20) as shown,
    ):
        shown.begin(0, 20)
        for step in range(1, 1251):
            clock.now += 3
            shown.step(step, 0.5)
        shown.epoch(EPOCH, chosen=True)
    bar = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.getvalue())
    lines = [*re.split(r"[\r\n]+", bar), *caplog.messages]
    assert max(map(len, lines)) <= (width or 80)
    assert caplog.messages[-1].startswith("inception_v3 epoch 21/300: val ROC AUC 0.500")
    assert width == 60 or any("left" in line for line in lines)
