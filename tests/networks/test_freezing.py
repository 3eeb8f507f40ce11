from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.build import unfreeze


@pytest.fixture
def backbone() -> list[Any]:
    import keras

    kinds = keras.layers
    return [kinds.Conv2D(2, 1), kinds.BatchNormalization(), kinds.Conv2D(2, 1), kinds.BatchNormalization()]


def trainable(backbone: list[Any]) -> list[int]:
    return [index for index, layer in enumerate(backbone) if layer.trainable]


@pytest.mark.parametrize(
    ("last", "expected"), [(0, []), ("none", []), (1, []), (2, [2]), ("last_conv", [2]), ("all", [0, 2]), (99, [0, 2])]
)
def test_only_the_last_convolutions_train(backbone: list[Any], last: Any, expected: list[int]) -> None:
    unfreeze(backbone, last, frozen_batch_norm=True)
    assert trainable(backbone) == expected


@pytest.mark.parametrize(("last", "expected"), [("none", []), (1, [3]), ("last_conv", [2, 3]), ("all", [0, 1, 2, 3])])
def test_batch_normalization_trains_if_it_is_not_frozen(backbone: list[Any], last: Any, expected: list[int]) -> None:
    unfreeze(backbone, last, frozen_batch_norm=False)
    assert trainable(backbone) == expected


@pytest.mark.parametrize("kind", ["Conv2D", "SeparableConv2D", "DepthwiseConv2D"])
def test_every_kind_of_convolution_can_be_the_last(backbone: list[Any], kind: str) -> None:
    import keras

    size = {"kernel_size": 1} if kind == "DepthwiseConv2D" else {"filters": 2, "kernel_size": 1}
    layers = [*backbone, getattr(keras.layers, kind)(**size), keras.layers.Activation("relu")]
    unfreeze(layers, "last_conv", frozen_batch_norm=True)
    assert trainable(layers) == [4, 5]


@pytest.mark.parametrize(("frozen", "change"), [(True, False), (False, True)])
def test_frozen_batch_normalization_keeps_its_statistics(backbone: list[Any], frozen: bool, change: bool) -> None:
    import keras

    unfreeze(backbone, "all", frozen_batch_norm=frozen)
    model = keras.Sequential([keras.Input((4, 4, 3)), *backbone])
    before = [np.asarray(weight) for weight in backbone[1].weights]
    model(np.random.default_rng(1).normal(5, 3, (8, 4, 4, 3)).astype(np.float32), training=True)
    changed = [not np.array_equal(old, new) for old, new in zip(before, backbone[1].weights, strict=True)]
    # Scale and offset change only with a gradient; the moving averages change with each batch.
    assert changed == [False, False, change, change]
