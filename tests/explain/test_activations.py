import numpy as np
import pytest

from dermoscopy.explain.activations import activation_maps, convolutions, spread


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
    maps = activation_maps(model, images, layers=3, channels=9)
    kernel, bias = (np.asarray(value) for value in convolutions(model)[0].get_weights())
    expected = images / 255 @ kernel[0, 0] + bias
    order = np.argsort(-expected.var(axis=(0, 1, 2)))
    np.testing.assert_allclose(maps[0].values, expected[..., order], rtol=1e-4, atol=1e-5)
    assert [(layer.number, layer.total, layer.channels) for layer in maps] == [(1, 3, 2), (2, 3, 3), (3, 3, 4)]


def test_the_channel_with_the_highest_variance_comes_first(model, images):
    last = activation_maps(model, images, layers=3, channels=2)[-1].values
    assert last.shape == (2, 4, 4, 2)
    assert last[..., 0].var() > 0
    assert not last[..., 1].any()


def test_activation_maps_of_one_layer(model, images):
    (first,) = activation_maps(model, images, layers=1, channels=1)
    assert (first.number, first.values.shape) == (1, (2, 8, 8, 1))


@pytest.mark.parametrize(("total", "count", "indices"), [(94, 5, [0, 23, 46, 70, 93]), (2, 5, [0, 1]), (3, 1, [0])])
def test_indices_are_evenly_spread(total, count, indices):
    assert spread(total, count) == indices
