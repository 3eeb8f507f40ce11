from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.freezing import unfreeze


@pytest.fixture
def backbone() -> list[Any]:
    import keras

    kinds = keras.layers
    return [kinds.Conv2D(2, 1), kinds.BatchNormalization(), kinds.Conv2D(2, 1), kinds.BatchNormalization()]


@pytest.mark.parametrize(("last", "training"), [(0, []), (1, []), (2, [2]), ("all", [0, 2]), (99, [0, 2])])
def test_only_the_last_convolutions_train(backbone: list[Any], last: Any, training: list[int]) -> None:
    unfreeze(backbone, last)
    assert [place for place, layer in enumerate(backbone) if layer.trainable] == training


def test_batch_normalisation_stays_in_inference_mode(backbone: list[Any]) -> None:
    import keras

    unfreeze(backbone, "all")
    model = keras.Sequential([keras.Input((4, 4, 3)), *backbone])
    before = [np.asarray(weight) for weight in backbone[1].weights]
    model(np.random.default_rng(1).normal(5, 3, (8, 4, 4, 3)).astype(np.float32), training=True)
    for one, other in zip(before, backbone[1].weights, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))
