from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dermoscopy.core.errors import TrainingError
from dermoscopy.networks.build import backbone_layers, build_member, unfreeze
from dermoscopy.networks.params import Runtime, SmallCNN, Training, Transfer
from dermoscopy.networks.views import view_images
from dermoscopy.train.features import GIGABYTE, cache_features, feature_gigabytes, plan_cache, split_frozen
from tests.blocks import AUGMENT, RUNTIME, TRAINING

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


ALL_VIEWS = {"flip": 0.5, "quarter_turns": True}


def plan(
    partial: Any, *, epochs: int = 10, mix: str = "none", runtime: dict[str, float] | None = None, **augment: Any
) -> Any:
    """Return the plan for 10 train and 5 val images."""
    training = Training(**{**TRAINING, "augment": {**AUGMENT, **augment}, "mix": mix})
    limits = Runtime(**{**RUNTIME, **(runtime or {})})
    return plan_cache(partial, 10, 5, epochs, training, limits, Path(".checkpoints"))


def test_features_are_cached_if_there_are_fewer_views_than_epochs(transfer: MakeTransfer) -> None:
    partial = split_frozen(build_frozen(transfer(), "none"))
    assert plan(partial).views == [0]
    assert plan(partial, epochs=1).views == [0]
    assert plan(partial, flip=0.5).views == [0, 2, 4, 6]
    assert plan(partial, **ALL_VIEWS).views == list(range(8))
    assert plan(partial, **ALL_VIEWS, epochs=8).views == ()
    assert plan(partial, **ALL_VIEWS, epochs=9).views == list(range(8))
    assert plan(None).views == ()


@pytest.mark.parametrize(
    ("changes", "cause"),
    [({"zoom": 0.1}, "the augmentation"), ({"contrast": 0.1}, "the augmentation"), ({"mix": "mixup"}, "mixup")],
)
def test_features_are_not_cached_if_images_change_in_other_ways(
    transfer: MakeTransfer, changes: Any, cause: str
) -> None:
    found = plan(split_frozen(build_frozen(transfer(), "none")), **changes)
    assert found.views == ()
    assert f": {cause} " in found.text


def test_features_that_do_not_fit_in_memory_are_on_disk_or_not_cached(transfer: MakeTransfer) -> None:
    partial = split_frozen(build_frozen(transfer(), "none"))
    assert partial is not None
    needed = feature_gigabytes(partial, 8 * 10, half=True) + feature_gigabytes(partial, 5)
    assert needed == pytest.approx((8 * 10 * 2 + 5 * 4) * 512 / GIGABYTE)
    little = {"memory": 0.99 * needed}
    assert not plan(partial, **ALL_VIEWS, runtime={"memory": 1.01 * needed}).on_disk
    assert plan(partial, **ALL_VIEWS, runtime={**little, "disk": 1.01 * needed}).on_disk
    refused = plan(partial, **ALL_VIEWS, runtime={**little, "disk": 0.99 * needed})
    assert refused.views == ()
    assert "runtime.disk" in refused.text


def test_too_little_space_on_the_disk_is_an_error_since_the_result_would_depend_on_it(
    transfer: MakeTransfer, monkeypatch: pytest.MonkeyPatch, wording: Callable[..., None]
) -> None:
    partial = split_frozen(build_frozen(transfer(), "none"))
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=80_000))
    limits = {"memory": 1e-6, "disk": 1.0}
    with pytest.raises(TrainingError, match=r"(?s)0\.00 GB.*runtime\.disk") as raised:
        plan(partial, **ALL_VIEWS, runtime=limits)
    wording(str(raised.value))
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=200_000))
    assert plan(partial, **ALL_VIEWS, runtime=limits).on_disk


@pytest.mark.parametrize("on_disk", [False, True])
def test_views_are_cached_in_half_precision_one_image_after_another(
    transfer: MakeTransfer, tmp_path: Path, on_disk: bool
) -> None:
    partial = split_frozen(build_frozen(transfer(), 5))
    assert partial is not None
    images, views = random_images(5, 32), [0, 3, 6]
    (cached,) = cache_features(partial, images, 2, eager=True, views=views, folder=tmp_path if on_disk else None)
    assert isinstance(cached, np.memmap) == on_disk
    assert list(tmp_path.iterdir()) == []  # the file has no name
    assert cached.dtype == np.float16
    for number, view in enumerate(views):
        (expected,) = cache_features(partial, view_images(images, view), 2, eager=True)
        np.testing.assert_allclose(cached[number :: len(views)], expected, rtol=2e-3, atol=1e-4)


def test_features_in_bfloat16_stay_so(transfer: MakeTransfer, tmp_path: Path) -> None:
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    partial = split_frozen(build_frozen(transfer(), 5))
    assert partial is not None
    images = random_images(3, 32)
    for folder in (None, tmp_path):
        (cached,) = cache_features(partial, images, 3, eager=True, views=[0, 1], folder=folder)
        (expected,) = cache_features(partial, images, 3, eager=True)
        np.testing.assert_array_equal(cached[::2], expected)


def test_large_features_stay_finite_in_half_precision(transfer: MakeTransfer) -> None:
    partial = split_frozen(build_frozen(transfer(), "none"))
    assert partial is not None
    images = random_images(2, 32)
    partial.frozen.predict_on_batch = lambda inputs: [np.full((len(inputs[0]), 512), 1e6, np.float32)]
    (cached,) = cache_features(partial, images, 2, eager=True, views=[0, 1])
    assert np.isfinite(cached).all()
