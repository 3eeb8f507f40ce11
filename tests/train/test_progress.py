import io
import logging
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
    """Time that passes when a test says so."""

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


def epoch(clock: Clock, told: Progress, seconds: float) -> None:
    """Ten steps, each a tenth of that time."""
    for step in range(1, 11):
        clock.now += seconds / 10
        told.step(step, 0.5)
    told.epoch(EPOCH, chosen=False)


def test_a_line_an_epoch_with_the_time_left_of_all(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(TRAINED) as told:
        told.begin(0)
        epoch(clock, told, 20)
    assert caplog.messages == [
        "vgg19 epoch 1/4: loss 0.7000, accuracy 0.5000, val loss 0.6900, val accuracy 0.7500, val ROC AUC 0.5000, "
        "5.0 images/s, 1 min 00 s left"
    ]


def test_a_line_now_and_then_within_a_long_epoch(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(TRAINED) as told:
        told.begin(0)
        epoch(clock, told, 80)
    assert caplog.messages[:2] == [
        "vgg19: epoch 1/4, step 4/10, 1.2 images/s, 4 min 48 s left, loss 0.5000",
        "vgg19: epoch 1/4, step 8/10, 1.2 images/s, 4 min 16 s left, loss 0.5000",
    ]
    assert len(caplog.messages) == 3


def test_the_first_step_which_builds_the_graph_says_nothing_of_the_speed(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with open_progress(TRAINED) as told:
        told.begin(0)
        clock.now += 1000
        told.step(1, 0.5)
        assert caplog.messages == []
        clock.now += 2
        told.step(2, 0.5)
    assert caplog.messages == ["vgg19: epoch 1/4, step 2/10, 5.0 images/s, 1 min 16 s left, loss 0.5000"]


def test_with_a_dearer_phase_ahead_the_time_left_is_a_lower_bound(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with open_progress(FROZEN, TRAINED) as told:
        told.begin(0)
        for _ in range(3):
            epoch(clock, told, 20)
        told.begin(1)
        epoch(clock, told, 200)
    assert [message.partition("images/s, ")[2] for message in caplog.messages if "accuracy" in message] == [
        "at least 2 min 00 s left",
        "at least 1 min 40 s left",
        "at least 1 min 20 s left",
        "10 min 00 s left",
    ]


def test_a_phase_that_ended_early_shortens_the_whole(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(FROZEN, TRAINED) as told:
        told.begin(0)
        epoch(clock, told, 20)
        told.begin(1)
        epoch(clock, told, 20)
    assert "vgg19 epoch 2/5:" in caplog.messages[-1]
    assert "1 min 00 s left" in caplog.messages[-1]


def test_epochs_of_a_killed_run_count_but_not_for_the_speed(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with open_progress(FROZEN, TRAINED, done=5) as told:  # the frozen phase had all its 3
        told.begin(1, trained=2)
        assert told.images_per_second == 0
        epoch(clock, told, 20)
        assert told.images_per_second == 5
    assert "vgg19 epoch 6/7:" in caplog.messages[-1]
    assert "5.0 images/s, 20 s left" in caplog.messages[-1]


def test_a_last_batch_that_is_not_full_is_not_counted_as_one(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with training_progress("vgg19", [TRAINED], 12, 10, logging.getLogger("test")) as told:
        told.begin(0)
        told.step(1, 0.5)
        clock.now += 1
        told.step(2, 0.5)
        told.epoch(EPOCH, chosen=True)
    assert "2.0 images/s" in caplog.messages[-1]
    assert caplog.messages[-1].endswith("best so far")


def test_a_terminal_shows_one_bar_for_the_whole_stage(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    with redirect_stderr(Terminal()) as terminal, open_progress(TRAINED) as told:
        told.begin(0)
        for step in (1, 2, 3):
            clock.now += 40
            told.step(step, 0.5)
    assert "epoch 1/4, step 3/10, 0.2 images/s" in terminal.getvalue()
    assert caplog.messages == []
