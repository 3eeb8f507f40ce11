from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.build import backbone_layers, build_member, unfreeze
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.train.features import GIGABYTE, cache_features, feature_gigabytes, split_frozen

MakeTransfer = Callable[..., Transfer]


def build_frozen(parameters: Transfer, last: Any) -> Any:
    model = build_member("m", parameters, seed=1)
    unfreeze(backbone_layers(model, parameters), last, frozen_batch_norm=True)
    return model


def random_images(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3), np.uint8)


@pytest.mark.parametrize("last", ["none", 5, "last_conv"])
def test_frozen_then_trained_part_predicts_as_the_whole_network(transfer: MakeTransfer, last: Any) -> None:
    model = build_frozen(transfer(), last)
    images = random_images(5, 32)
    partial = split_frozen(model)
    assert partial is not None
    features = cache_features(partial, images, 2, eager=True)
    assert feature_gigabytes(partial, 5) * GIGABYTE == sum(array.nbytes for array in features)
    whole, short = model.predict_on_batch(images.astype(np.float32)), partial.trained.predict_on_batch(features)
    np.testing.assert_allclose(short, whole, atol=1e-6)


def test_the_trained_part_shares_its_layers_with_the_whole_network(transfer: MakeTransfer) -> None:
    model = build_frozen(transfer(), 5)
    partial = split_frozen(model)
    assert partial is not None
    trainable = {id(variable) for variable in model.trainable_variables}
    assert {id(variable) for variable in partial.trained.trainable_variables} == trainable
    assert partial.frozen.trainable_variables == []


def test_the_last_150_layers_of_inception_are_split_off_inside_a_block(transfer: MakeTransfer) -> None:
    model = build_frozen(transfer(backbone="inception_v3", image_size=75), 150)
    partial = split_frozen(model)
    assert partial is not None
    assert len(partial.frozen.outputs) > 1
    images = random_images(2, 75)
    features = cache_features(partial, images, 2, eager=True)
    whole, short = model.predict_on_batch(images.astype(np.float32)), partial.trained.predict_on_batch(features)
    np.testing.assert_allclose(short, whole, atol=1e-5)


def test_features_of_a_frozen_backbone_are_a_vector_per_image(transfer: MakeTransfer) -> None:
    partial = split_frozen(build_frozen(transfer(dense=[8], dropout=0.5), "none"))
    assert partial is not None
    assert [tensor.shape for tensor in partial.frozen.outputs] == [(None, 512)]


def test_dropout_is_never_cached(transfer: MakeTransfer) -> None:
    partial = split_frozen(build_frozen(transfer(dropout=0.5), "none"))
    assert partial is not None
    assert [layer.name for layer in partial.trained.layers][1:] == ["dropout_1", "malignant"]


def test_cached_features_keep_the_precision_of_the_computation(transfer: MakeTransfer) -> None:
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build_frozen(transfer(), 5)
    images = random_images(3, 32)
    partial = split_frozen(model)
    assert partial is not None
    features = cache_features(partial, images, 3, eager=True)
    assert [array.dtype.name for array in features] == ["bfloat16"]
    whole, short = model.predict_on_batch(images.astype(np.float32)), partial.trained.predict_on_batch(features)
    np.testing.assert_array_equal(short, whole)


def test_nothing_is_split_off_if_all_layers_train(transfer: MakeTransfer, tiny_cnn: Callable[..., SmallCNN]) -> None:
    assert split_frozen(build_frozen(transfer(), "all")) is None
    assert split_frozen(build_member("m", tiny_cnn(), seed=1)) is None


def test_on_batch_receives_the_number_of_images(transfer: MakeTransfer) -> None:
    partial = split_frozen(build_frozen(transfer(), "none"))
    assert partial is not None
    counted: list[int] = []
    cache_features(partial, random_images(5, 32), 2, eager=True, on_batch=counted.append)
    assert counted == [2, 2, 1]
