import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.networks.devices import device_strategy, require_devices

TOP = Path(__file__).parents[2]
FLOAT32 = 1e-5


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What two logical processors do that one does not; TensorFlow divides a processor once in a process."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.networks.two_devices"],
        cwd=TOP,
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_two_devices_give_what_one_does(found: dict[str, Any]) -> None:
    assert (found["device"], found["devices"]) == ("CPU", 2)
    assert found["apart"]["value None"] < FLOAT32


@pytest.mark.slow
def test_clipping_is_of_the_whole_batch(found: dict[str, Any]) -> None:
    assert max(found["apart"].values()) < FLOAT32
    assert min(found["clipped"].values()) > 100 * FLOAT32


@pytest.mark.slow
def test_batch_normalisation_would_otherwise_see_a_share_of_the_batch(found: dict[str, Any]) -> None:
    assert found["own statistics"] > 100 * FLOAT32


def test_one_device_needs_no_strategy() -> None:
    import tensorflow as tf

    assert device_strategy(1) is tf.distribute.get_strategy()


@pytest.mark.parametrize(("devices", "cards"), [(1, 0), (2, 0), (1, 1), (2, 2), (1, 4)])
def test_devices_that_are_there_pass(devices: int, cards: int) -> None:
    require_devices(devices, cards)


def test_devices_that_are_not_are_refused() -> None:
    with pytest.raises(ParameterError, match="received 4; TensorFlow finds 2 graphics cards here"):
        require_devices(4, 2)
