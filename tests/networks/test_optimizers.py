from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest

from dermoscopy.networks.optimizers import learning_rate, make_optimizer
from dermoscopy.networks.params import ClipBy, Optimizer, Transfer, with_optimizer

GRADIENTS = ([3.0, -4.0], [0.5])


@pytest.mark.parametrize("name", get_args(Optimizer))
def test_each_name_is_an_optimizer_of_keras(name: Optimizer) -> None:
    optimizer = make_optimizer(name, 0.25, clip=1.0)
    assert type(optimizer).__name__.lower() == name
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.clipvalue == 1.0


@pytest.mark.parametrize(
    ("clip_by", "expected"),
    [
        ("value", ([1.0, -1.0], [0.5])),
        ("norm", ([0.6, -0.8], [0.5])),
        ("global_norm", (np.divide([3.0, -4.0], 25.25**0.5), np.divide([0.5], 25.25**0.5))),
    ],
)
def test_clipping_limits_components_or_norms(clip_by: ClipBy, expected: tuple[list[float], list[float]]) -> None:
    import keras

    variables = [keras.Variable([0.0, 0.0]), keras.Variable([0.0])]
    gradients = [keras.ops.convert_to_tensor(gradient) for gradient in GRADIENTS]
    make_optimizer("sgd", 1.0, clip=1.0, clip_by=clip_by).apply(gradients, variables)
    for variable, step in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), -np.asarray(step), rtol=1e-6)


def test_without_clip_gradients_are_not_clipped() -> None:
    import keras

    variable = keras.Variable([0.0, 0.0])
    make_optimizer("sgd", 1.0).apply([keras.ops.convert_to_tensor([50.0, -0.5])], [variable])
    assert variable.numpy().tolist() == [-50.0, 0.5]


@pytest.mark.parametrize("name", get_args(Optimizer))
def test_a_schedule_changes_the_learning_rate(name: Optimizer) -> None:
    import keras

    optimizer = make_optimizer(name, learning_rate(0.5, "cosine", 0, 2))
    variable = keras.Variable([0.0])
    rates = []
    for _ in range(3):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([keras.ops.convert_to_tensor([1.0])], [variable])
    np.testing.assert_allclose(rates, [0.5, 0.25, 0.0], atol=1e-7)


RATES = {"sgd": 0.05, "rmsprop": None}


def test_a_replaced_optimizer_has_its_own_learning_rate(transfer: Callable[..., Transfer]) -> None:
    member = transfer(optimizer="adam", learning_rate=0.001, fine_tune_learning_rate=0.0001, learning_rates=RATES)
    replaced = with_optimizer(member, "sgd")
    assert (replaced.optimizer, replaced.learning_rate) == ("sgd", 0.05)
    assert replaced.fine_tune_learning_rate == pytest.approx(0.005)


@pytest.mark.parametrize("optimizer", ["rmsprop", "nadam"])
def test_without_a_rate_of_its_own_an_optimizer_has_that_of_the_member(
    transfer: Callable[..., Transfer], optimizer: Optimizer
) -> None:
    member = transfer(optimizer="adam", learning_rates=RATES)
    assert with_optimizer(member, optimizer) == member.model_copy(update={"optimizer": optimizer})


@pytest.mark.parametrize("optimizer", [None, "sgd"])
def test_an_optimizer_that_is_not_replaced_keeps_its_learning_rate(
    transfer: Callable[..., Transfer], optimizer: Optimizer | None
) -> None:
    member = transfer(optimizer="sgd", learning_rate=0.3, learning_rates=RATES)
    assert with_optimizer(member, optimizer) == member


def test_adamw_decays_kernels_only() -> None:
    import keras

    layer = keras.layers.Dense(1, kernel_initializer="ones", bias_initializer="ones")
    layer.build((None, 2))
    optimizer = make_optimizer("adamw", 0.1, weight_decay=0.5)
    optimizer.apply([np.zeros_like(variable) for variable in layer.trainable_variables], layer.trainable_variables)
    assert np.asarray(layer.kernel) == pytest.approx(0.95)
    assert np.asarray(layer.bias) == pytest.approx(1.0)
