import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.networks import runtime as module
from dermoscopy.networks.devices import Gpu
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import Machine, configure, cpu_flags
from tests.blocks import RUNTIME

Make = Callable[..., Runtime]


@pytest.fixture
def runtime() -> Make:
    """Return a function that makes the default runtime, with changes."""

    def make(**changes: Any) -> Runtime:
        return Runtime(**{**RUNTIME, **changes})

    return make


def set_gpus(monkeypatch: pytest.MonkeyPatch, *gpus: Gpu) -> None:
    monkeypatch.setattr(module, "list_gpus", lambda: list(gpus))


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_configure_sets_the_precision(runtime: Make, precision: str) -> None:
    import keras

    assert configure(runtime(precision=precision)).precision == precision
    assert keras.config.dtype_policy().name == precision


@pytest.mark.parametrize(("flags", "precision"), [("fpu amx_bf16", "mixed_bfloat16"), ("fpu", "float32")])
def test_auto_precision_is_the_fastest_and_is_logged(
    runtime: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, flags: str, precision: str
) -> None:
    import keras

    set_gpus(monkeypatch)
    monkeypatch.setattr(module, "cpu_flags", lambda: flags)
    with caplog.at_level(logging.INFO):
        assert configure(runtime(precision="auto")) == Machine("CPU", precision, 1)
    assert keras.config.dtype_policy().name == precision
    assert any(all(fact in line for fact in ("auto", precision, "CPU")) for line in caplog.messages)


def test_a_gpu_determines_name_and_precision(runtime: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    set_gpus(monkeypatch, Gpu("Tesla T4", (7, 5)), Gpu("Tesla T4", (7, 5)))
    assert configure(runtime(precision="auto", devices=2)) == Machine("Tesla T4", "mixed_float16", 2)


def test_more_devices_than_gpus_raise_an_error(runtime: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    set_gpus(monkeypatch, Gpu("Tesla T4", (7, 5)))
    with pytest.raises(ParameterError, match=r"runtime\.devices: received 2.* 1 GPU"):
        configure(runtime(devices=2))


def test_cpu_flags_are_read_from_cpuinfo(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nflags\t\t: fpu vme\nbugs\t\t: none\n\nprocessor : 1\nflags : x\n")
    assert cpu_flags(tmp_path / "cpuinfo").split() == ["fpu", "vme"]
    assert cpu_flags(tmp_path / "elsewhere") == ""


def test_configure_resets_the_numbers_of_layer_names(runtime: Make) -> None:
    import keras

    names = []
    for _ in range(2):
        configure(runtime())
        names.append(keras.layers.Dense(1).name)
    assert names == ["dense", "dense"]


def test_a_number_of_threads_that_cannot_be_set_is_logged(runtime: Make, caplog: pytest.LogCaptureFixture) -> None:
    import tensorflow as tf

    tf.constant(1) + 1
    with caplog.at_level(logging.WARNING):
        configure(runtime(threads=37))
    assert "threads" in caplog.text
    assert "37" in caplog.text


SETTINGS = {
    "backend": "torch",
    "image_data_format": "channels_first",
    "floatx": "float16",
    "epsilon": 0.5,
    "nnx_enabled": True,
}
CONFIGURED = """
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
configure(Runtime(threads=2, precision="float32", eager=False, devices=1, memory=4.0, disk=0))
import keras
print(keras.backend.backend(), keras.backend.image_data_format(), keras.backend.floatx(), keras.backend.epsilon())
"""


@pytest.mark.parametrize("place", ["HOME", "KERAS_HOME"])
def test_keras_has_none_of_the_users_settings_and_writes_none(tmp_path: Path, place: str) -> None:
    home, keras = tmp_path / "home", tmp_path / ("home/.keras" if place == "HOME" else "keras")
    for folder in (home, keras):
        folder.mkdir()
    (keras / "keras.json").write_text(json.dumps(SETTINGS))
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_HOME"}
    environment |= {"PYTHONPATH": "src", "KERAS_BACKEND": "jax", "HOME": str(home)}
    environment |= {"KERAS_HOME": str(keras)} if place == "KERAS_HOME" else {}
    done = subprocess.run([sys.executable, "-c", CONFIGURED], env=environment, capture_output=True, text=True)
    assert done.stdout == "tensorflow channels_last float32 1e-07\n", done.stderr
    assert json.loads((keras / "keras.json").read_text()) == SETTINGS
    assert (home / ".keras").exists() == (place == "HOME")
