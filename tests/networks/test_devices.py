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
    """Return differences between one and two logical CPUs; TensorFlow divides the CPU only once in a process."""
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
def test_two_devices_train_like_one(found: dict[str, Any]) -> None:
    assert (found["device"], found["devices"]) == ("CPU", 2)
    assert found["difference"]["value None"] < FLOAT32


@pytest.mark.slow
def test_gradients_of_the_whole_batch_are_clipped(found: dict[str, Any]) -> None:
    assert max(found["difference"].values()) < FLOAT32
    assert min(found["clipped"].values()) > 100 * FLOAT32


@pytest.mark.slow
def test_without_synchronization_batch_normalization_differs(found: dict[str, Any]) -> None:
    assert found["unsynchronized"] > 100 * FLOAT32


def test_a_single_device_has_the_default_strategy() -> None:
    import tensorflow as tf

    assert device_strategy(1) is tf.distribute.get_strategy()


@pytest.mark.parametrize(("devices", "gpus"), [(1, 0), (2, 0), (1, 1), (2, 2), (1, 4)])
def test_enough_gpus_or_none_pass(devices: int, gpus: int) -> None:
    require_devices(devices, gpus)


def test_too_few_gpus_raise_an_error() -> None:
    with pytest.raises(ParameterError, match=r"runtime\.devices: received 4.* 2 GPUs"):
        require_devices(4, 2)
