import pytest

from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training
from dermoscopy.preflight.devices import device_problems


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
