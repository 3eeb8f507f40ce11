import numpy as np
import pytest

from dermoscopy.networks.optimizers import learning_rate


def rates(*arguments: object, steps: int) -> np.ndarray:
    schedule = learning_rate(*arguments, steps)
    return np.array([float(schedule(step)) for step in range(steps + 1)])


def test_a_constant_rate_without_warm_up_is_a_number() -> None:
    assert learning_rate(0.1, "constant", 0, 10) == 0.1
    assert isinstance(learning_rate(0.1, "constant", 0, 10), float)


def test_cosine_falls_to_0() -> None:
    expected = 0.2 * (1 + np.cos(np.pi * np.arange(11) / 10)) / 2
    np.testing.assert_allclose(rates(0.2, "cosine", 0, steps=10), expected, atol=1e-7)


def test_warm_up_rises_from_the_first_step_and_the_schedule_takes_the_other_steps() -> None:
    constant = rates(0.2, "constant", 4, steps=10)
    np.testing.assert_allclose(constant, [0.05, 0.0875, 0.125, 0.1625] + [0.2] * 7, atol=1e-7)
    cosine = rates(0.2, "cosine", 4, steps=10)
    np.testing.assert_allclose(cosine[:5], constant[:5], atol=1e-7)
    assert np.all(np.diff(cosine[4:]) < 0)
    assert cosine[-1] == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_warm_up_longer_than_the_phase_only_rises(schedule: str) -> None:
    np.testing.assert_allclose(rates(0.2, schedule, 8, steps=4), 0.025 + 0.175 / 8 * np.arange(5), atol=1e-7)


@pytest.mark.parametrize("warmup", [1, 2, 7])
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_no_step_before_the_last_has_rate_0(schedule: str, warmup: int) -> None:
    assert (rates(0.2, schedule, warmup, steps=10)[:10] > 0).all()
