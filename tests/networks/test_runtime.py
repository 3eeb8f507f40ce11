import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.networks import runtime as module
from dermoscopy.networks.devices import Gpu
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import Machine, configure, processor_flags

Make = Callable[..., Runtime]


@pytest.fixture
def runtime() -> Make:
    """The default, but for what is given."""

    def make(**changes: Any) -> Runtime:
        default = {"threads": 2, "precision": "float32", "eager": False, "devices": 1, "memory": 4.0}
        return Runtime(**{**default, **changes})

    return make


def find(monkeypatch: pytest.MonkeyPatch, *cards: Gpu) -> None:
    monkeypatch.setattr(module, "list_gpus", lambda: list(cards))


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_sets_the_precision(runtime: Make, precision: str) -> None:
    import keras

    assert configure(runtime(precision=precision)).precision == precision
    assert keras.config.dtype_policy().name == precision


@pytest.mark.parametrize(("flags", "precision"), [("fpu amx_bf16", "mixed_bfloat16"), ("fpu", "float32")])
def test_auto_is_what_the_machine_does_well_and_is_told(
    runtime: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, flags: str, precision: str
) -> None:
    import keras

    find(monkeypatch)
    monkeypatch.setattr(module, "processor_flags", lambda: flags)
    with caplog.at_level(logging.INFO):
        assert configure(runtime(precision="auto")) == Machine("CPU", precision, 1)
    assert keras.config.dtype_policy().name == precision
    assert f"runtime.precision auto is {precision} here (CPU)" in caplog.text


def test_a_card_gives_its_name_and_its_precision(runtime: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch, Gpu("Tesla T4", (7, 5)), Gpu("Tesla T4", (7, 5)))
    assert configure(runtime(precision="auto", devices=2)) == Machine("Tesla T4", "mixed_float16", 2)


def test_more_devices_than_cards_are_refused(runtime: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch, Gpu("Tesla T4", (7, 5)))
    with pytest.raises(ParameterError, match="received 2; TensorFlow finds 1 graphics card here"):
        configure(runtime(devices=2))


def test_flags_are_read_as_linux_lists_them(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nflags\t\t: fpu vme\nbugs\t\t: none\n\nprocessor : 1\nflags : x\n")
    assert processor_flags(tmp_path / "cpuinfo").split() == ["fpu", "vme"]
    assert processor_flags(tmp_path / "elsewhere") == ""


def test_layer_names_count_anew(runtime: Make) -> None:
    import keras

    names = []
    for _ in range(2):
        configure(runtime())
        names.append(keras.layers.Dense(1).name)
    assert names == ["dense", "dense"]


def test_says_so_where_threads_are_already_fixed(runtime: Make, caplog: pytest.LogCaptureFixture) -> None:
    import tensorflow as tf

    tf.constant(1) + 1
    with caplog.at_level(logging.WARNING):
        configure(runtime(threads=37))
    assert "other threads than 37" in caplog.text
