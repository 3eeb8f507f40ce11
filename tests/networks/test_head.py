from typing import Any

import numpy as np

from dermoscopy.networks.layers import head


def build(**changes: Any) -> Any:
    import keras

    inputs = keras.Input((4,))
    settings = {
        "units": [3],
        "dropout": 0.5,
        "l2": 0.0,
        "initializer": "glorot_uniform",
        "seed": 1,
        "classes": 1,
        **changes,
    }
    return keras.Model(inputs, head(inputs, settings.pop("units"), **settings))


def names(model: Any) -> list[str]:
    return [layer.name for layer in model.layers[1:]]


def test_dropout_follows_each_dense_layer() -> None:
    model = build(units=[3, 2])
    assert names(model) == ["dense_1", "dropout_1", "dense_2", "dropout_2", "malignant"]


def test_without_dense_layers_dropout_is_before_the_output() -> None:
    assert names(build(units=[])) == ["dropout_1", "malignant"]


def test_dropout_0_adds_no_layer() -> None:
    assert names(build(dropout=0.0)) == ["dense_1", "malignant"]


def test_l2_penalizes_the_dense_kernels() -> None:
    model = build(l2=0.1)
    kernel = np.asarray(model.get_layer("dense_1").kernel)
    np.testing.assert_allclose(float(sum(model.losses)), 0.1 * np.sum(kernel**2), rtol=1e-5)
    assert build(l2=0.0).losses == []


def test_output_is_float32_in_bfloat16() -> None:
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build()
    assert model.get_layer("dense_1").compute_dtype == "bfloat16"
    assert model.output.dtype == "float32"


def test_initial_weights_and_dropout_do_not_depend_on_earlier_layers() -> None:
    import keras

    ones = np.ones((1, 4), np.float32)
    first = build(dropout=0.5)
    keras.layers.Dense(7).build((None, 7))
    keras.layers.Dropout(0.5)(ones, training=True)
    second = build(dropout=0.5)
    for weight, expected in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
    dropped = [np.asarray(model.get_layer("dropout_1")(np.ones((8, 64)), training=True)) for model in (first, second)]
    np.testing.assert_array_equal(*dropped)


def test_another_seed_gives_other_weights() -> None:
    assert not np.array_equal(build(seed=1).get_weights()[0], build(seed=2).get_weights()[0])
