"""Batch normalization with the fused kernel, compared with Keras's."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.batch_norm import fused_batch_norm, replace_batch_norm
from dermoscopy.networks.build import build_transfer
from dermoscopy.networks.params import Transfer

Make = Callable[..., Transfer]

SHAPE = (4, 5, 6, 8)
# Largest difference, for values of about 1. A bfloat16 has 8 significant bits (2**-8 is 0.004), a float16 has 11; the
# gradient of the input is a difference of such values.
TOLERANCES = {"float32": 1e-5, "mixed_bfloat16": 0.03, "mixed_float16": 0.004}
WITH_BATCH_NORM = ["inception_v3", "mobilenet_v2"]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Reset the numbers in Keras's layer names."""
    import keras

    keras.utils.clear_session()


def layers(**options: Any) -> tuple[Any, Any]:
    """Return Keras's layer and the fused one, with the same weights."""
    import keras

    rng = np.random.default_rng(1)
    both = [
        kind(momentum=0.7, epsilon=0.01, **options) for kind in (keras.layers.BatchNormalization, fused_batch_norm())
    ]
    for layer in both:
        layer.build(SHAPE)
    weights = [rng.uniform(0.5, 2, weight.shape) for weight in both[0].weights]
    for layer in both:
        layer.set_weights(weights)
    return both[0], both[1]


def run(layer: Any, training: bool) -> dict[str, np.ndarray]:
    """Return the output, all gradients and the weights after a step, in float32."""
    import tensorflow as tf

    rng = np.random.default_rng(2)
    inputs = tf.constant(rng.normal(3, 2, SHAPE), layer.compute_dtype)
    factors = tf.constant(rng.normal(size=SHAPE), tf.float32)

    @tf.function(jit_compile=False)
    def step() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = layer(inputs, training=training)
            loss = tf.reduce_sum(tf.cast(output, tf.float32) * factors)
        return output, tape.gradient(loss, [inputs, *layer.trainable_variables])

    output, (of_inputs, *gradients) = step()
    values = {"output": output, "gradient of inputs": of_inputs}
    values |= {
        f"gradient of {variable.name}": g for variable, g in zip(layer.trainable_variables, gradients, strict=True)
    }
    values |= {weight.name: weight.value for weight in layer.weights}
    return {name: np.asarray(tf.cast(value, tf.float32)) for name, value in values.items()}


@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("precision", TOLERANCES)
def test_output_gradients_and_moving_statistics_equal_those_of_keras(
    precision: str, scale: bool, training: bool, trainable: bool
) -> None:
    import keras

    keras.config.set_dtype_policy(precision)
    reference, fused = layers(scale=scale)
    reference.trainable = fused.trainable = trainable
    before = dict(zip([weight.name for weight in fused.weights], fused.get_weights(), strict=True))
    expected, found = run(reference, training), run(fused, training)
    assert list(found) == list(expected)
    for name, value in expected.items():
        size = max(1.0, np.abs(value).max())
        np.testing.assert_allclose(found[name], value, rtol=0, atol=TOLERANCES[precision] * size, err_msg=name)
    # The weights are float32 in every precision; the variance is not the unbiased one of the kernel.
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5)
        assert np.array_equal(found[name], before[name]) != (training and trainable)


def test_a_layer_without_offset_equals_that_of_keras() -> None:
    reference, fused = layers(center=False)
    for training in (True, False):
        expected, found = run(reference, training), run(fused, training)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, atol=1e-4, err_msg=name)


def test_two_runs_give_the_same_bytes() -> None:
    first, second = (run(layers()[1], training=True) for _ in range(2))
    for name, value in first.items():
        assert value.tobytes() == second[name].tobytes()


@pytest.mark.parametrize("name", WITH_BATCH_NORM)
def test_a_backbone_computes_what_that_of_keras_applications_computes(name: str, tmp_path: Path) -> None:
    import keras

    size = BACKBONES[name].min_image_size
    images = np.random.default_rng(1).uniform(-1, 1, (8, size, size, 3)).astype(np.float32)
    constructor = getattr(keras.applications, BACKBONES[name].constructor)
    reference = constructor(include_top=False, weights=None, input_tensor=keras.Input((size, size, 3), name="image"))
    fused = replace_batch_norm(reference)
    assert [layer.name for layer in fused.layers] == [layer.name for layer in reference.layers]
    assert not any(type(layer) is keras.layers.BatchNormalization for layer in fused.layers)
    path = tmp_path / "model.weights.h5"
    reference.save_weights(path)
    fused.load_weights(path)
    for model in (
        reference,
        fused,
    ):  # in training, the layers use the statistics of the batch and change the moving ones
        model([images], training=True)
    for before, after in zip(reference.weights, fused.weights, strict=True):
        np.testing.assert_allclose(np.asarray(after), np.asarray(before), rtol=1e-3, atol=1e-4)
    expected = np.asarray(reference([images], training=False))
    np.testing.assert_allclose(
        np.asarray(fused([images], training=False)), expected, atol=1e-4 * np.abs(expected).max()
    )


def test_weights_files_fit_models_with_either_layer(tmp_path: Path) -> None:
    import h5py
    import keras

    reference = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))
    fused = replace_batch_norm(reference)
    for model, name in ((reference, "reference"), (fused, "fused")):
        model.save_weights(tmp_path / f"{name}.weights.h5")
    names: dict[str, list[str]] = {"reference": [], "fused": []}
    for name, found in names.items():
        with h5py.File(tmp_path / f"{name}.weights.h5") as file:
            file.visit(found.append)
    assert names["fused"] == names["reference"]
    reference.load_weights(tmp_path / "fused.weights.h5")
    for weight, expected in zip(reference.get_weights(), fused.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_only_batch_normalization_of_images_with_the_channels_last_is_replaced() -> None:
    import keras

    kinds = keras.layers
    inputs = keras.Input((6, 4, 3))
    x = kinds.BatchNormalization(axis=1, name="rows")(keras.ops.flip(inputs, axis=-1))
    x = kinds.BatchNormalization(renorm=True, name="renorm")(x)
    x = kinds.BatchNormalization(name="images")(x)
    x = kinds.BatchNormalization(name="features")(kinds.Flatten()(x))
    model = replace_batch_norm(keras.Model(inputs, x))
    replaced = [layer.name for layer in model.layers if isinstance(layer, fused_batch_norm())]
    assert replaced == ["images"]
    assert model(np.ones((2, 6, 4, 3), np.float32)).shape == (2, 72)


def test_a_model_without_batch_normalization_stays_as_it_is() -> None:
    import keras

    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 1)])
    assert replace_batch_norm(model) is model


def test_a_member_keeps_no_second_backbone_in_memory(transfer: Make) -> None:
    import keras

    member = build_transfer("mobilenet_v2", transfer(backbone="mobilenet_v2"), seed=1)
    gc.collect()
    alive = [found for found in gc.get_objects() if isinstance(found, keras.layers.DepthwiseConv2D)]
    of_member = [layer for layer in member.layers if isinstance(layer, keras.layers.DepthwiseConv2D)]
    assert of_member
    assert len(alive) == len(of_member)
