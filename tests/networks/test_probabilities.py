from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.build import build_small_cnn, build_transfer
from dermoscopy.networks.data import probabilities
from dermoscopy.networks.params import SmallCNN, Transfer


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)


def check_each_photograph_stands_alone(model: Any, images: np.ndarray) -> None:
    """A image's probability depends on neither its batch nor the order, beyond rounding."""
    alone = probabilities(model, [images], 1)
    together = probabilities(model, [images], len(images))
    backwards = probabilities(model, [images[::-1]], 3)[::-1]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(backwards, alone, atol=1e-5)


def test_small_cnn_stands_alone(small_cnn: Callable[..., SmallCNN], images: np.ndarray) -> None:
    check_each_photograph_stands_alone(
        build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2), seed=1), images
    )


def test_vgg19_stands_alone(transfer: Callable[..., Transfer], images: np.ndarray) -> None:
    parameters = transfer(normalization="backbone", dense=[4], dropout=0.5)
    check_each_photograph_stands_alone(build_transfer("vgg19", parameters, seed=1), images)


def test_the_check_catches_a_model_that_normalises_by_its_batch(images: np.ndarray) -> None:
    import keras

    inputs = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    planted = pooled - keras.ops.mean(pooled, axis=0, keepdims=True)
    outputs = keras.layers.Dense(1, activation="sigmoid")(planted)
    with pytest.raises(AssertionError, match="Not equal"):
        check_each_photograph_stands_alone(keras.Model(inputs, outputs), images)


def test_eager_says_the_same(small_cnn: Callable[..., SmallCNN], images: np.ndarray) -> None:
    model = build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2), seed=1)
    np.testing.assert_allclose(
        probabilities(model, [images], 4, eager=True), probabilities(model, [images], 4), atol=1e-6
    )


def test_bfloat16_gives_finite_float64(small_cnn: Callable[..., SmallCNN], images: np.ndarray) -> None:
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    predictions = probabilities(build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2), seed=1), [images], 4)
    assert predictions.dtype == np.float64
    assert predictions.shape == (7,)
    assert np.all((predictions > 0) & (predictions < 1))
