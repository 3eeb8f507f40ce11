import logging

import pytest

from dermoscopy.training import progress
from dermoscopy.training.curve import Epoch
from dermoscopy.training.progress import Progress, duration

EPOCH = Epoch(1, "trained", 0.7, 0.5, 0.69, 0.75, 0.5)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_one_line_an_epoch(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told = Progress("cnn_a", epochs=4, photographs=100, batch_size=10, logger=logging.getLogger("test"))
    clock[0] = 20
    told.epoch(EPOCH, chosen=True)
    assert caplog.messages == [
        "cnn_a epoch 1/4: loss 0.7000, accuracy 0.5000, val loss 0.6900, val accuracy 0.7500, "
        "5.0 images/s, 1 min 00 s left, best so far"
    ]


def test_a_line_now_and_then_within_a_long_epoch(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told = Progress("vgg19", epochs=2, photographs=100, batch_size=10, logger=logging.getLogger("test"))
    for step in range(1, 11):
        clock[0] += 8
        told.step(step, 0.5)
    assert [message.split(":")[0] for message in caplog.messages] == [
        "vgg19 epoch 1/2, step 4/10",
        "vgg19 epoch 1/2, step 8/10",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")]
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words
