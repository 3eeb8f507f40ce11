import numpy as np
import pytest

from dermoscopy.explain.activations import activation_maps, chosen_layers, convolutions, spread
from dermoscopy.explain.params import Explain
from dermoscopy.networks.build import build_member
from tests.tiny import small_cnn

SETTINGS = Explain(
    images=1, layers=3, inception_v3_layers=[1, 4, 101, 400], channels=9, wrong=1, map_size=5, localized=1
)


def all_layers(model):
    return {str(number): layer for number, layer in enumerate(convolutions(model), 1)}


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def model(keras):
    """A model with three convolutional layers; only one channel of the last is active."""
    keras.utils.set_random_seed(1)
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 1)(keras.layers.Rescaling(1 / 255)(image))
    last = keras.layers.Conv2D(4, 3, use_bias=False)
    x = last(keras.layers.Conv2D(3, 3, activation="relu")(x))
    kernel = np.zeros((3, 3, 3, 4), dtype=np.float32)
    kernel[..., 2] = 1
    last.set_weights([kernel])
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(1, activation="sigmoid")(x))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)


def test_convolutional_layers_are_in_order_from_input_to_output(model):
    assert [layer.filters for layer in convolutions(model)] == [2, 3, 4]


def test_activation_maps_equal_the_outputs_of_the_layers(model, images):
    maps = activation_maps(model, all_layers(model), images, channels=9)
    kernel, bias = (np.asarray(value) for value in convolutions(model)[0].get_weights())
    expected = images / 255 @ kernel[0, 0] + bias
    order = np.argsort(-expected.var(axis=(0, 1, 2)))
    np.testing.assert_allclose(maps[0].values, expected[..., order], rtol=1e-4, atol=1e-5)
    assert [(layer.title, layer.channels) for layer in maps] == [("1", 2), ("2", 3), ("3", 4)]


def test_the_channel_with_the_highest_variance_comes_first(model, images):
    last = activation_maps(model, all_layers(model), images, channels=2)[-1].values
    assert last.shape == (2, 4, 4, 2)
    assert last[..., 0].var() > 0
    assert not last[..., 1].any()


def test_the_layers_of_inception_v3_have_the_numbers_of_keras_applications(keras, transfer):
    """The paper shows five layers of Inception V3 by these numbers; this network has one more before them."""
    parameters = transfer(backbone="inception_v3", image_size=75)
    layers = chosen_layers(build_member("m", parameters, seed=1), parameters, SETTINGS)
    original = keras.applications.InceptionV3(weights=None, include_top=False, input_shape=(75, 75, 3)).layers
    assert list(layers) == [f"layer {number} of Inception V3" for number in (1, 4, 101)]  # it has 310
    for number, layer in zip((1, 4, 101), layers.values(), strict=True):
        assert isinstance(layer, keras.layers.Conv2D)
        assert layer.kernel.shape == original[number].kernel.shape
        assert layer.output.shape == original[number].output.shape


def test_the_layers_of_other_members_are_evenly_spread(keras):
    parameters = small_cnn(image_size=32, conv_layers=4, padding="same", pool_size=2)
    layers = chosen_layers(build_member("m", parameters, seed=1), parameters, SETTINGS)
    assert {title: layer.name for title, layer in layers.items()} == {
        "convolution 1 of 4": "conv_1",
        "convolution 3 of 4": "conv_3",
        "convolution 4 of 4": "conv_4",
    }


@pytest.mark.parametrize(("total", "count", "indices"), [(94, 5, [0, 23, 46, 70, 93]), (2, 5, [0, 1]), (3, 1, [0])])
def test_indices_are_evenly_spread(total, count, indices):
    assert spread(total, count) == indices
