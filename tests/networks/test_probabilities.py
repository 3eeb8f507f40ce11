from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.build import build_small_cnn, build_transfer
from dermoscopy.networks.data import outputs
from dermoscopy.networks.params import SmallCNN, Transfer


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)


def check_independence(model: Any, images: np.ndarray) -> None:
    """Check that the probability of an image depends on neither its batch nor the order, except for rounding."""
    one_by_one = outputs(model, [images], 1)
    together = outputs(model, [images], len(images))
    backwards = outputs(model, [images[::-1]], 3)[::-1]
    np.testing.assert_allclose(together, one_by_one, atol=1e-5)
    np.testing.assert_allclose(backwards, one_by_one, atol=1e-5)


def test_small_cnn_does_not_depend_on_the_batch(small_cnn: Callable[..., SmallCNN], images: np.ndarray) -> None:
    check_independence(build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2), seed=1), images)


def test_vgg19_does_not_depend_on_the_batch(transfer: Callable[..., Transfer], images: np.ndarray) -> None:
    parameters = transfer(normalization="backbone", dense=[4], dropout=0.5)
    check_independence(build_transfer("vgg19", parameters, seed=1), images)


def test_the_check_fails_for_a_model_that_normalizes_by_its_batch(images: np.ndarray) -> None:
    import keras

    inputs = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    batch_dependent = pooled - keras.ops.mean(pooled, axis=0, keepdims=True)
    outputs = keras.layers.Dense(1, activation="sigmoid")(batch_dependent)
    with pytest.raises(AssertionError, match="Not equal"):
        check_independence(keras.Model(inputs, outputs), images)


def test_only_the_images_of_the_order_are_predicted(small_cnn: Callable[..., SmallCNN], images: np.ndarray) -> None:
    model = build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2), seed=1)
    order = np.array([0, 3, 6])
    predicted = outputs(model, [images], 2, order=order)
    np.testing.assert_allclose(predicted, outputs(model, [images], 2)[order], atol=1e-6)


def test_eager_and_graph_probabilities_agree(small_cnn: Callable[..., SmallCNN], images: np.ndarray) -> None:
    model = build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2), seed=1)
    np.testing.assert_allclose(outputs(model, [images], 4, eager=True), outputs(model, [images], 4), atol=1e-6)


def test_probabilities_in_bfloat16_are_finite_float64(small_cnn: Callable[..., SmallCNN], images: np.ndarray) -> None:
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    predicted = outputs(build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2), seed=1), [images], 4)
    assert predicted.dtype == np.float64
    assert predicted.shape == (7, 1)
    assert np.all((predicted > 0) & (predicted < 1))
