from collections.abc import Callable
from typing import Any

import pytest

from dermoscopy.networks.params import Transfer


@pytest.fixture
def transfer() -> Callable[..., Transfer]:
    """VGG19 at its smallest, but for what is given."""

    def make(**changes: Any) -> Transfer:
        small = {
            "backbone": "vgg19",
            "weights": "none",
            "image_size": 32,
            "normalization": "unit",
            "initializer": "he_normal",
            "batch_norm_momentum": 0.9,
            "frozen_batch_norm": True,
            "dense": [],
            "dropout": 0.0,
            "l2": 0.0,
            "optimizer": "adam",
            "learning_rate": 0.001,
            "fine_tune_learning_rate": 0.0001,
            "clip": None,
            "clip_by": "value",
            "frozen_epochs": 1,
            "unfrozen_layers": "all",
            "epochs": 1,
        }
        return Transfer(**{**small, **changes})

    return make
