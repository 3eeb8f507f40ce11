from typing import get_args

import pytest

from dermoscopy.networks.optimizers import make_optimizer
from dermoscopy.params.optimizers import Optimizer


@pytest.mark.parametrize("name", get_args(Optimizer))
def test_every_name_is_keras_own(name: Optimizer) -> None:
    optimizer = make_optimizer(name, 0.25, clip=1.0)
    assert type(optimizer).__name__.lower() == name
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.clipvalue == 1.0


def test_clip_bounds_each_component() -> None:
    import keras

    variable = keras.Variable([0.0, 0.0])
    make_optimizer("sgd", 1.0, clip=1.0).apply([keras.ops.convert_to_tensor([50.0, -0.5])], [variable])
    assert variable.numpy().tolist() == [-1.0, 0.5]


def test_null_does_not_clip() -> None:
    assert make_optimizer("adam", 0.1).clipvalue is None
