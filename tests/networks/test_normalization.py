import numpy as np
import pytest

from dermoscopy.networks.layers import normalize


@pytest.fixture
def pixels() -> np.ndarray:
    return np.arange(256, dtype=np.float32)[: 8 * 8 * 3].reshape(1, 8, 8, 3)


def normalized(kind: str, pixels: np.ndarray) -> np.ndarray:
    import keras

    inputs = keras.Input((8, 8, 3))
    return np.asarray(keras.Model(inputs, normalize(inputs, kind))(pixels))


def test_unit_divides_by_255(pixels: np.ndarray) -> None:
    np.testing.assert_allclose(normalized("unit", pixels), pixels / 255, atol=1e-7)


@pytest.mark.parametrize(("kind", "module"), [("centered", "inception_v3"), ("caffe", "vgg19")])
def test_normalization_agrees_with_keras_applications(kind: str, module: str, pixels: np.ndarray) -> None:
    import keras

    expected = getattr(keras.applications, module).preprocess_input(pixels.copy())
    np.testing.assert_allclose(normalized(kind, pixels), expected, atol=1e-5)


def test_normalization_is_exact_in_bfloat16() -> None:
    import keras

    shades = np.arange(256, dtype=np.float32).reshape(1, 16, 16, 1).repeat(3, axis=-1)
    keras.config.set_dtype_policy("mixed_bfloat16")
    inputs = keras.Input((16, 16, 3))
    caffe = np.asarray(keras.Model(inputs, normalize(inputs, "caffe"))(shades))
    assert caffe.dtype == np.float32
    assert len(np.unique(caffe[..., 0])) == 256
