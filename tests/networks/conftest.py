from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dermoscopy.networks.params import SmallCNN


@pytest.fixture(autouse=True)
def _float32() -> Iterator[None]:
    import keras

    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def small_cnn() -> Callable[..., SmallCNN]:
    """Return a function that makes the parameters of the paper's CNN A, with changes."""

    def make(**changes: Any) -> SmallCNN:
        paper = {
            "image_size": 224,
            "conv_layers": 3,
            "filters": 32,
            "kernel_size": 3,
            "padding": "valid",
            "pooling": "max",
            "pool_size": 3,
            "dense_layers": 1,
            "units": 64,
            "dropout": 0.5,
            "l2": 0.0,
            "initializer": "glorot_uniform",
            "optimizer": "adam",
            "learning_rate": 0.001,
            "clip": None,
            "clip_by": "value",
            "epochs": 1,
        }
        return SmallCNN(**{**paper, **changes})

    return make
