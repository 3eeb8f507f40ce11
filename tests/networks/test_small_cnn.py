from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.networks.build import build_small_cnn, feature_map_size
from dermoscopy.networks.params import SmallCNN

Make = Callable[..., SmallCNN]


def test_cnn_a_has_the_layers_of_the_paper(small_cnn: Make) -> None:
    model = build_small_cnn("cnn_a", small_cnn(), seed=1)
    kinds = [type(layer).__name__ for layer in model.layers]
    conv = ["Conv2D", "MaxPooling2D"] * 3
    assert kinds == ["InputLayer", "Rescaling", *conv, "Flatten", "Dense", "Dropout", "Dense"]
    assert [layer.filters for layer in model.layers if hasattr(layer, "filters")] == [32] * 3
    assert {layer.kernel_size for layer in model.layers if hasattr(layer, "filters")} == {(3, 3)}
    assert {layer.pool_size for layer in model.layers if hasattr(layer, "pool_size")} == {(3, 3)}
    assert model.get_layer("dense_1").units == 64
    assert model.get_layer("dropout_1").rate == 0.5
    assert model.get_layer("malignant").activation.__name__ == "sigmoid"
    # 3 to 32, 32 to 32 twice, 7 x 7 x 32 to 64, 64 to 1, with their biases
    assert model.count_params() == 896 + 2 * 9248 + (7 * 7 * 32 + 1) * 64 + 65


def test_cnn_b_has_small_uniform_initial_weights(small_cnn: Make) -> None:
    parameters = small_cnn(conv_layers=2, filters=16, dropout=0.3, initializer="random_uniform")
    model = build_small_cnn("cnn_b", parameters, seed=1)
    kernels = [weight for weight in model.get_weights() if weight.ndim > 1]
    assert len(kernels) == 4
    assert all(0.04 < np.abs(kernel).max() <= 0.05 for kernel in kernels)


@pytest.mark.parametrize(
    ("padding", "kernel_size", "pool_size", "conv_layers"), list(product(["valid", "same"], [3, 5], [2, 3], [1, 2, 3]))
)
def test_feature_map_size_agrees_with_keras(
    small_cnn: Make, padding: str, kernel_size: int, pool_size: int, conv_layers: int
) -> None:
    parameters = small_cnn(
        image_size=40, padding=padding, kernel_size=kernel_size, pool_size=pool_size, conv_layers=conv_layers, filters=2
    )
    size = feature_map_size(parameters)
    if size == 0:
        with pytest.raises(ParameterError, match=r"models\.cnn_a\.image_size: received 40"):
            build_small_cnn("cnn_a", parameters, seed=1)
        return
    model = build_small_cnn("cnn_a", parameters, seed=1)
    assert model.get_layer(f"pool_{conv_layers}").output.shape == (None, size, size, 2)


def test_pooling_average_uses_average_pooling(small_cnn: Make) -> None:
    model = build_small_cnn("x", small_cnn(pooling="average"), seed=1)
    assert type(model.get_layer("pool_1")).__name__ == "AveragePooling2D"


def test_initial_weights_do_not_depend_on_earlier_models(small_cnn: Make) -> None:
    first = build_small_cnn("cnn_a", small_cnn(image_size=64), seed=1)
    build_small_cnn("cnn_b", small_cnn(image_size=96), seed=1)
    second = build_small_cnn("cnn_a", small_cnn(image_size=64), seed=1)
    for weight, expected in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_l2_penalizes_only_the_dense_kernels(small_cnn: Make) -> None:
    model = build_small_cnn("cnn_a", small_cnn(image_size=64, l2=0.1), seed=1)
    kernel = np.asarray(model.get_layer("dense_1").kernel)
    np.testing.assert_allclose(float(sum(model.losses)), 0.1 * np.sum(kernel**2), rtol=1e-5)
    assert build_small_cnn("cnn_a", small_cnn(image_size=64, l2=0.0), seed=1).losses == []
