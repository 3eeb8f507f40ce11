import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.train.checkpoints import Checkpoint, State, checkpoint_key, restore_curve
from dermoscopy.train.history import Curve, Epoch


def epoch(number: int, val_loss: float = 0.5) -> Epoch:
    return Epoch(number, "trained", 0.1 + number / 3, 0.7, 0.8, val_loss, 0.75, 1 / 3)


def state(epochs: int = 2, fill: float = 1.0) -> State:
    weights = [np.full((2, 3), fill, np.float32), np.arange(4, dtype=np.float32)]
    optimizer = [np.array(7, np.int64), np.array(0.1, np.float32), *(2 * weight for weight in weights)]
    best = [weight + 1 for weight in weights]
    return State([epoch(number + 1) for number in range(epochs)], weights, optimizer, best, np.array([0.1, 1 / 3]))


def same(one: State, other: State) -> None:
    assert list(one.epochs) == list(other.epochs)
    for name in ("weights", "optimizer", "best"):
        for mine, yours in zip(getattr(one, name), getattr(other, name), strict=True):
            assert mine.dtype == yours.dtype
            np.testing.assert_array_equal(mine, yours)
    np.testing.assert_array_equal(one.predictions, other.predictions)


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "key")
    assert checkpoint.load() is None
    checkpoint.save(state())
    loaded = checkpoint.load()
    assert loaded is not None
    same(loaded, state())
    checkpoint.save(state(3, fill=2.0))
    loaded = checkpoint.load()
    assert loaded is not None
    same(loaded, state(3, fill=2.0))
    checkpoint.remove()
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_the_best_are_kept_once(tmp_path: Path) -> None:
    one = state()
    best = State(one.epochs, one.weights, one.optimizer, one.weights, one.predictions)
    for name, each in {"apart": one, "best": best}.items():
        Checkpoint(tmp_path / name).save(each)
    loaded = Checkpoint(tmp_path / "best").load()
    assert loaded is not None
    same(loaded, best)
    sizes = [(tmp_path / name / "state.npz").stat().st_size for name in ("apart", "best")]
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize("size", [0, 10, 600, -1])
def test_a_state_that_cannot_be_read_is_told_and_left(
    tmp_path: Path, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(state())
    path = tmp_path / "state.npz"
    path.write_bytes(path.read_bytes()[:size])
    assert checkpoint.load() is None
    assert "training starts from its first epoch" in caplog.text


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tests.train.test_checkpoints import state
from dermoscopy.train.checkpoints import Checkpoint

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
checkpoint = Checkpoint(Path(sys.argv[1]))
checkpoint.save(state())
resource.setrlimit(resource.RLIMIT_FSIZE, (700, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    checkpoint.save(state(3, fill=2.0))
except OSError as error:
    print(error.errno)
"""


def test_no_room_left_keeps_the_state_before(tmp_path: Path) -> None:
    folder = tmp_path / "key"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == errno.EFBIG
    assert [path.name for path in folder.iterdir()] == ["state.npz"]
    loaded = Checkpoint(folder).load()
    assert loaded is not None
    same(loaded, state())


def test_a_full_disk_keeps_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(state())

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(state(3, fill=2.0))
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]
    loaded = checkpoint.load()
    assert loaded is not None
    same(loaded, state())


def test_a_curve_is_restored_with_its_choice() -> None:
    kept = State([epoch(1, 0.6), epoch(2, 0.4), epoch(3, 0.5)], [], [], [], np.empty(0))
    curve = restore_curve(Curve("val_loss"), kept)
    assert curve.epochs == kept.epochs
    assert curve.chosen == kept.epochs[1]


def key(**changes: Any) -> str:
    usual: dict[str, Any] = {
        "member": "cnn_a",
        "settings": {"parameters": {"dropout": 0.5}, "seed": 1},
        "arrays": [np.zeros((2, 4, 4, 3), np.uint8), np.zeros(2, np.float32)],
        "files": [],
    }
    return checkpoint_key(**{**usual, **changes})


def test_keys_name_the_member_and_repeat() -> None:
    assert key() == key()
    assert key().startswith("cnn_a-")


def test_another_member_parameter_photograph_or_file_has_another_key(tmp_path: Path) -> None:
    darker = [np.ones((2, 4, 4, 3), np.uint8), np.zeros(2, np.float32)]
    relabelled = [np.zeros((2, 4, 4, 3), np.uint8), np.ones(2, np.float32)]
    weights = tmp_path / "vgg19.h5"
    weights.write_bytes(b"one")
    keys = [
        key(),
        key(member="cnn_b"),
        key(settings={"parameters": {"dropout": 0.4}, "seed": 1}),
        key(settings={"parameters": {"dropout": 0.5}, "seed": 2}),
        key(arrays=darker),
        key(arrays=relabelled),
        key(files=[weights]),
    ]
    weights.write_bytes(b"two")
    keys.append(key(files=[weights]))
    assert len(set(keys)) == len(keys)
