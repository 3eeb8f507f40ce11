from importlib.metadata import PackageNotFoundError

import pytest

from dermoscopy.check import check as module
from dermoscopy.check.check import device_problems, warn_unused_gpus
from dermoscopy.networks.params import Runtime, Training


@pytest.mark.parametrize(
    ("devices", "batch_size", "said"),
    [(3, 16, "Did you mean 15 or 18?"), (2, 1, "Did you mean 2?"), (2, 16, None), (1, 7, None)],
)
def test_a_batch_divides_among_the_devices(tree, devices, batch_size, said):
    problems = device_problems(
        Runtime(**tree["runtime"] | {"devices": devices}), Training(**tree["training"] | {"batch_size": batch_size})
    )
    if said is None:
        assert problems == []
    else:
        (line,) = problems
        assert line.startswith(f"training.batch_size: received {batch_size}; runtime.devices is {devices}")
        assert line.endswith(said)


@pytest.mark.parametrize(("gpus", "told"), [(["0", "1"], "has 2 GPUs, but tensorflow-cpu"), (["0"], "has 1 GPU, but")])
def test_gpus_that_nobody_would_use_are_told(monkeypatch, caplog, gpus, told):
    monkeypatch.setattr(module, "distribution", lambda name: None)
    monkeypatch.setattr(module, "visible_gpus", lambda environment: gpus)
    warn_unused_gpus()
    assert told in caplog.text


@pytest.mark.parametrize("gpus", [[], ["0"]])
def test_without_gpus_or_with_the_tensorflow_for_them_nothing_is(monkeypatch, caplog, gpus):
    def distribution(name):
        if gpus:
            raise PackageNotFoundError

    monkeypatch.setattr(module, "distribution", distribution)
    monkeypatch.setattr(module, "visible_gpus", lambda environment: gpus)
    warn_unused_gpus()
    assert caplog.text == ""
