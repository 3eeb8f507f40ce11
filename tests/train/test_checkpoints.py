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


def assert_equal(loaded: State, saved: State) -> None:
    assert list(loaded.epochs) == list(saved.epochs)
    for name in ("weights", "optimizer", "best"):
        for array, expected in zip(getattr(loaded, name), getattr(saved, name), strict=True):
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)
    np.testing.assert_array_equal(loaded.probabilities, saved.probabilities)


def test_load_returns_the_state_that_was_saved(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "key")
    assert checkpoint.load() is None
    checkpoint.save(state())
    loaded = checkpoint.load()
    assert loaded is not None
    assert_equal(loaded, state())
    checkpoint.save(state(3, fill=2.0))
    loaded = checkpoint.load()
    assert loaded is not None
    assert_equal(loaded, state(3, fill=2.0))
    checkpoint.remove()
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_the_best_are_saved_once(tmp_path: Path) -> None:
    different = state()
    best = State(different.epochs, different.weights, different.optimizer, different.weights, different.probabilities)
    for name, saved in {"different": different, "best": best}.items():
        Checkpoint(tmp_path / name).save(saved)
    loaded = Checkpoint(tmp_path / "best").load()
    assert loaded is not None
    assert_equal(loaded, best)
    sizes = [(tmp_path / name / "state.npz").stat().st_size for name in ("different", "best")]
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize("size", [0, 10, 600, -1])
def test_a_state_that_cannot_be_read_is_ignored_with_a_warning(
    tmp_path: Path, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(state())
    path = tmp_path / "state.npz"
    path.write_bytes(path.read_bytes()[:size])
    assert checkpoint.load() is None
    assert str(path) in caplog.text
    assert "first epoch" in caplog.text


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


def test_a_file_size_limit_keeps_the_previous_state(tmp_path: Path) -> None:
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
    assert_equal(loaded, state())


def test_a_full_disk_keeps_the_previous_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert_equal(loaded, state())


def test_a_restored_curve_has_its_chosen_epoch() -> None:
    saved = State([epoch(1, 0.6), epoch(2, 0.4), epoch(3, 0.5)], [], [], [], np.empty(0))
    curve = restore_curve(Curve("val_loss"), saved)
    assert curve.epochs == saved.epochs
    assert curve.chosen == saved.epochs[1]


def key(**changes: Any) -> str:
    default: dict[str, Any] = {
        "member": "cnn_a",
        "settings": {"parameters": {"dropout": 0.5}, "seed": 1},
        "arrays": [np.zeros((2, 4, 4, 3), np.uint8), np.zeros(2, np.float32)],
        "files": [],
    }
    return checkpoint_key(**{**default, **changes})


def test_the_key_begins_with_the_member_and_is_reproducible() -> None:
    assert key() == key()
    assert key().startswith("cnn_a-")


def test_another_member_parameter_image_label_or_file_gives_another_key(tmp_path: Path) -> None:
    darker = [np.ones((2, 4, 4, 3), np.uint8), np.zeros(2, np.float32)]
    relabelled = [np.zeros((2, 4, 4, 3), np.uint8), np.ones(2, np.float32)]
    weights = tmp_path / "vgg19.h5"
    weights.write_bytes(b"first")
    keys = [
        key(),
        key(member="cnn_b"),
        key(settings={"parameters": {"dropout": 0.4}, "seed": 1}),
        key(settings={"parameters": {"dropout": 0.5}, "seed": 2}),
        key(arrays=darker),
        key(arrays=relabelled),
        key(files=[weights]),
    ]
    weights.write_bytes(b"second")
    keys.append(key(files=[weights]))
    assert len(set(keys)) == len(keys)
