from importlib.metadata import PackageNotFoundError

import pytest

from dermoscopy.check import devices as module
from dermoscopy.check.devices import batch_size_problems, warn_slow_precision, warn_unused_gpus
from dermoscopy.networks.params import Runtime, Training


@pytest.mark.parametrize(
    ("devices", "batch_size", "suggestion"),
    [(3, 16, " 15 or 18?"), (2, 1, " 2?"), (2, 16, None), (1, 7, None)],
)
def test_the_batch_size_is_a_multiple_of_the_devices(tree, devices, batch_size, suggestion):
    problems = batch_size_problems(
        Runtime(**tree["runtime"] | {"devices": devices}), Training(**tree["training"] | {"batch_size": batch_size})
    )
    if suggestion is None:
        assert problems == []
    else:
        (line,) = problems
        assert line.startswith(f"training.batch_size: received {batch_size}; runtime.devices is {devices}")
        assert line.endswith(suggestion)


@pytest.mark.parametrize(("mix", "problems"), [("none", 0), ("mixup", 1), ("cutmix", 1)])
def test_a_single_image_cannot_be_mixed(tree, mix, problems):
    training = Training(**tree["training"] | {"batch_size": 1, "mix": mix})
    found = batch_size_problems(Runtime(**tree["runtime"] | {"devices": 1}), training)
    assert len(found) == problems
    assert all(f"received '{mix}'" in line for line in found)


@pytest.mark.parametrize(("gpus", "count"), [(["0", "1"], "2 GPUs"), (["0"], "1 GPU,")])
def test_unused_gpus_are_logged(monkeypatch, caplog, gpus, count):
    monkeypatch.setattr(module, "distribution", lambda name: None)
    monkeypatch.setattr(module, "visible_gpus", lambda environment: gpus)
    warn_unused_gpus()
    assert count in caplog.text
    assert "tensorflow-cpu" in caplog.text


@pytest.mark.parametrize("gpus", [[], ["0"]])
def test_without_gpus_or_with_gpu_support_nothing_is_logged(monkeypatch, caplog, gpus):
    def distribution(name):
        if gpus:
            raise PackageNotFoundError

    monkeypatch.setattr(module, "distribution", distribution)
    monkeypatch.setattr(module, "visible_gpus", lambda environment: gpus)
    warn_unused_gpus()
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("precision", "flags", "gpus", "warned"),
    [
        ("mixed_bfloat16", "fpu avx2", [], True),
        ("mixed_bfloat16", "fpu avx512_bf16", [], False),
        ("mixed_bfloat16", "fpu amx_bf16", [], False),
        ("mixed_bfloat16", "", [], False),  # unknown
        ("mixed_bfloat16", "fpu avx2", ["0"], False),
        ("float32", "fpu avx2", [], False),
        ("auto", "fpu avx2", [], False),
    ],
)
def test_a_precision_that_the_processor_imitates_is_logged(
    tree, monkeypatch, caplog, wording, precision, flags, gpus, warned
):
    monkeypatch.setattr(module, "cpu_flags", lambda: flags)
    monkeypatch.setattr(module, "visible_gpus", lambda environment: gpus)
    warn_slow_precision(Runtime(**tree["runtime"] | {"precision": precision}))
    assert bool(caplog.messages) == warned
    if warned:
        wording("\n".join(caplog.messages))
