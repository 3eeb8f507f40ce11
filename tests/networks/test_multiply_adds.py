"""Multiply-adds and parameters, compared with numbers computed by hand and with published ones."""

from collections.abc import Callable

import pytest

from dermoscopy.networks.build import backbone_layers, build_small_cnn, build_transfer, unfreeze
from dermoscopy.networks.multiply_adds import count_parameters, layer_multiply_adds, multiply_adds
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.train.features import split_frozen

BILLION = 10**9


def test_a_small_network_has_the_multiply_adds_computed_by_hand(small_cnn: Callable[..., SmallCNN]) -> None:
    parameters = small_cnn(image_size=14, conv_layers=2, filters=4, kernel_size=3, pool_size=2, units=5)
    model = build_small_cnn("small", parameters, seed=1)
    # 14 - 2 = 12, pooled to 6; 6 - 2 = 4, pooled to 2.
    convolutions = 12 * 12 * (3 * 3 * 3 * 4) + 4 * 4 * (3 * 3 * 4 * 4)
    assert multiply_adds(model) == convolutions + 2 * 2 * 4 * 5 + 5 * 1
    parameters_of_convolutions = (3 * 3 * 3 + 1) * 4 + (3 * 3 * 4 + 1) * 4
    assert count_parameters(model.weights) == parameters_of_convolutions + (2 * 2 * 4 + 1) * 5 + 5 + 1


def test_strides_groups_and_depthwise_kernels_are_counted() -> None:
    import keras

    kinds = keras.layers
    counts = {
        kinds.Conv2D(8, 3, strides=2, padding="same"): 5 * 5 * (3 * 3 * 4 * 8),
        kinds.Conv2D(8, 1, groups=2): 10 * 10 * (4 // 2 * 8),
        kinds.DepthwiseConv2D(3, depth_multiplier=2, padding="same"): 10 * 10 * (3 * 3 * 4 * 2),
        kinds.SeparableConv2D(6, 3, padding="same"): 10 * 10 * (3 * 3 * 4 + 4 * 6),
        kinds.Dense(7): 10 * 10 * (4 * 7),
        kinds.BatchNormalization(): 0,
        kinds.MaxPooling2D(): 0,
    }
    for layer, expected in counts.items():
        layer(keras.Input((10, 10, 4)))
        assert layer_multiply_adds(layer) == expected, layer.name


@pytest.mark.parametrize(("backbone", "expected"), [("vgg19", 19.5), ("inception_v3", 2.84)])
def test_backbones_have_the_known_multiply_adds(
    transfer: Callable[..., Transfer], backbone: str, expected: float
) -> None:
    model = build_transfer(backbone, transfer(backbone=backbone, image_size=224), seed=1)
    assert multiply_adds(model) / BILLION == pytest.approx(expected, rel=0.005)


def test_the_trained_part_of_inception_v3_has_a_third_of_the_multiply_adds(transfer: Callable[..., Transfer]) -> None:
    parameters = transfer(backbone="inception_v3", image_size=224)
    model = build_transfer("inception_v3", parameters, seed=1)
    unfreeze(backbone_layers(model, parameters), 150, frozen_batch_norm=True)
    partial = split_frozen(model)
    assert partial is not None
    assert multiply_adds(partial.trained) / BILLION == pytest.approx(0.97, rel=0.005)
    assert multiply_adds(partial.trained) + multiply_adds(partial.frozen) == multiply_adds(model)
