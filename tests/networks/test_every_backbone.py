from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import backbone_layers, build_transfer, unfreeze
from dermoscopy.networks.data import outputs
from dermoscopy.networks.optimizers import make_optimizer
from dermoscopy.networks.params import Transfer
from dermoscopy.networks.saved import load_member, save_member
from dermoscopy.networks.target import BINARY

Make = Callable[..., Transfer]

pytestmark = pytest.mark.parametrize("name", BACKBONES)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Reset the numbers in Keras's layer names."""
    import keras

    keras.utils.clear_session()


def normalization(model: Any) -> Any:
    """Return the layer after the input."""
    return model.layers[1]


@pytest.fixture
def parameters(transfer: Make, name: str) -> Transfer:
    return transfer(
        backbone=name,
        image_size=BACKBONES[name].min_image_size,
        dense=[16],  # with few units, all of them may be 0 for all images
        dropout=0.5,
        l2=0.01,
        clip=1.0,
        clip_by="global_norm",
    )


@pytest.fixture
def images(parameters: Transfer) -> np.ndarray:
    size = parameters.image_size
    return np.random.default_rng(1).integers(0, 256, (5, size, size, 3), dtype=np.uint8)


@pytest.fixture
def model(name: str, parameters: Transfer) -> Any:
    return build_transfer(name, parameters, seed=1)


def step(model: Any, parameters: Transfer, images: np.ndarray) -> float:
    """Train a step and return the loss before it."""
    optimizer = make_optimizer(parameters.optimizer, 0.01, parameters.clip, parameters.clip_by)
    model.compile(optimizer, "binary_crossentropy", run_eagerly=True, jit_compile=False)
    return float(model.train_on_batch(images.astype(np.float32), np.arange(len(images))[:, None] % 2))


def weights(layers: list[Any]) -> list[list[np.ndarray]]:
    return [[np.asarray(weight).copy() for weight in layer.weights] for layer in layers]


def is_unchanged(before: list[np.ndarray], layer: Any) -> bool:
    return all(np.array_equal(old, new) for old, new in zip(before, layer.weights, strict=True))


def test_normalization_agrees_with_keras_applications(name: str, parameters: Transfer, images: np.ndarray) -> None:
    import keras

    model = build_transfer(name, parameters.model_copy(update={"normalization": "backbone"}), seed=1)
    normalized = keras.Model(model.input, normalization(model).output)(images.astype(np.float32))
    module = import_module(getattr(keras.applications, BACKBONES[name].constructor).__module__)
    expected = module.preprocess_input(images.astype(np.float32))
    np.testing.assert_allclose(normalized, expected, atol=1e-4)


def test_a_trained_model_predicts_the_same_after_saving_and_loading(
    name: str, model: Any, parameters: Transfer, images: np.ndarray, tmp_path: Path
) -> None:
    before = weights(model.layers)
    step(model, parameters, images)
    trained = [layer for layer in model.layers if layer.trainable_weights]
    assert not any(
        is_unchanged(old, layer) for old, layer in zip(before, model.layers, strict=True) if layer in trained
    )
    save_member(name, parameters, BINARY, model, tmp_path)
    loaded, read, _ = load_member(tmp_path)
    assert read == parameters
    one_by_one = outputs(model, [images], 1, eager=True)
    np.testing.assert_array_equal(outputs(loaded, [images], 1, eager=True), one_by_one)
    # The batch and the position in it make no difference.
    np.testing.assert_allclose(outputs(model, [images[::-1]], 5, eager=True)[::-1], one_by_one, atol=1e-5)


@pytest.mark.parametrize("frozen", [True, False])
def test_only_unfrozen_layers_change(
    name: str, model: Any, parameters: Transfer, images: np.ndarray, frozen: bool
) -> None:
    import keras

    layers = backbone_layers(model, parameters)
    convolutions = (keras.layers.Conv2D, keras.layers.SeparableConv2D, keras.layers.DepthwiseConv2D)
    last = max(index for index, layer in enumerate(layers) if isinstance(layer, convolutions))
    unfreeze(layers, "last_conv", frozen_batch_norm=frozen)
    before = weights(layers)
    step(model, parameters, images)
    changed = [layer for old, layer in zip(before, layers, strict=True) if not is_unchanged(old, layer)]
    norms = [] if frozen else [layer for layer in layers[last:] if isinstance(layer, keras.layers.BatchNormalization)]
    assert changed == [layers[last], *norms]


def test_clip_and_l2_reach_optimizer_and_loss(name: str, model: Any, parameters: Transfer, images: np.ndarray) -> None:
    predicted = np.asarray(model(images.astype(np.float32), training=False))[:, 0].astype(np.float64)
    labels = np.arange(len(images)) % 2
    penalty = parameters.l2 * np.sum(np.asarray(model.get_layer("dense_1").kernel) ** 2)
    model.compile(make_optimizer("adam", 0.01, parameters.clip, parameters.clip_by), "binary_crossentropy")
    model.run_eagerly, model.jit_compile = True, False
    loss = model.test_on_batch(images.astype(np.float32), labels[:, None])
    cross_entropy = -np.mean(np.log(np.where(labels, predicted, 1 - predicted)))
    np.testing.assert_allclose(loss, cross_entropy + penalty, rtol=1e-4)
    assert model.optimizer.global_clipnorm == parameters.clip


def test_output_and_normalization_stay_float32_in_bfloat16(name: str, parameters: Transfer, images: np.ndarray) -> None:
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build_transfer(name, parameters, seed=1)
    assert model.output.dtype == "float32"
    assert normalization(model).compute_dtype == "float32"
    assert {layer.compute_dtype for layer in backbone_layers(model, parameters) if layer.weights} == {"bfloat16"}
    predicted = outputs(model, [images], 5, eager=True)
    assert np.all((predicted > 0) & (predicted < 1))
