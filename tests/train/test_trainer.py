"""One phase: losses, cached features, targets, averages, mixing, balance, and errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.core.errors import DivergedError, TrainingError
from dermoscopy.networks.build import build_member
from dermoscopy.networks.data import Examples, outputs
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.target import Target
from dermoscopy.train.checkpoints import State
from dermoscopy.train.fit import fit
from dermoscopy.train.history import Curve
from dermoscopy.train.settings import TrainSettings
from tests.blocks import AUGMENT
from tests.train.runs import MakeCNN, RecordingCallback, examples, make_runtime, pretrained, run, training


def test_losses_exclude_the_l2_penalty(transfer: Callable[..., Transfer]) -> None:
    _, curve, predicted, _ = run(transfer(dense=[8], l2=100.0, optimizer="sgd", learning_rate=1e-9, clip=1.0))
    assert curve.epochs[0].train_loss < 5
    labels = examples(6, 32, seed=2).labels
    cross_entropy = -np.mean(np.log(np.where(labels == 1, predicted, 1 - predicted)))
    assert curve.epochs[0].val_loss == pytest.approx(cross_entropy)


def test_graph_and_eager_training_agree(tiny_cnn: MakeCNN) -> None:
    parameters = tiny_cnn(epochs=2, dropout=0.0)
    eager, graph = (run(parameters, runtime=make_runtime(eager=eager))[0].get_weights() for eager in (True, False))
    for weight, expected in zip(eager, graph, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-4)


def test_the_callback_receives_each_step(tiny_cnn: MakeCNN) -> None:
    steps: list[int] = []
    run(tiny_cnn(epochs=2), examples(10), callback=RecordingCallback(lambda step, loss: steps.append(step)))
    assert steps == [1, 2, 3, 1, 2, 3]


def test_a_loss_that_is_not_finite_raises_an_error_with_the_parameters(
    tiny_cnn: MakeCNN, wording: Callable[..., None]
) -> None:
    model = build_member("m", tiny_cnn(), seed=1)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    with pytest.raises(DivergedError) as raised:
        run(tiny_cnn(), model=model)
    assert "nan in epoch 1 with optimizer adam, learning rate 0.01, no clipping" in str(raised.value)
    wording(str(raised.value))


def test_weights_that_are_not_finite_after_the_last_step_raise_an_error(tiny_cnn: MakeCNN) -> None:
    model = build_member("m", tiny_cnn(), seed=1)

    def set_nan(step: int, loss: float) -> None:
        assert np.isfinite(loss)
        if step == 16 // 4:
            model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])

    with pytest.raises(DivergedError, match="nan in epoch 1"):
        run(tiny_cnn(), model=model, callback=RecordingCallback(set_nan))


@pytest.mark.parametrize("unfrozen", [5, "none", "last_conv"])
def test_cached_features_train_like_images(transfer: Callable[..., Transfer], unfrozen: Any) -> None:
    parameters = pretrained(transfer, unfrozen_layers=unfrozen, frozen_epochs=2, epochs=2)
    caching, not_caching = RecordingCallback(), RecordingCallback()
    on_features, features_curve, features_predicted, _ = run(parameters, callback=caching, monitor="val_loss")
    on_images, images_curve, images_predicted, _ = run(
        parameters, callback=not_caching, monitor="val_loss", runtime=make_runtime(memory=1e-9)
    )
    assert caching.cached == [22, 22]  # train and val, in each phase
    assert not_caching.cached == []
    for weight, expected in zip(on_features.get_weights(), on_images.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)
    np.testing.assert_allclose(features_predicted, images_predicted, atol=1e-5)
    losses, expected = (curve.frame()[["train_loss", "val_loss"]] for curve in (features_curve, images_curve))
    np.testing.assert_allclose(losses, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("disk", [0.0, 1.0])
def test_cached_views_train_like_the_same_augmentation_of_images(
    transfer: Callable[..., Transfer], tmp_path: Path, disk: float
) -> None:
    parameters = pretrained(transfer, frozen_epochs=5, unfrozen_layers="none", epochs=5, optimizer="sgd")
    changes: dict[str, Any] = {"monitor": "val_loss", "augment": {**AUGMENT, "flip": 0.5}, "balance": "group_dro"}
    changes |= {"group_step": 1.0, "save": lambda state: groups.append(state.optimizer[-1])}
    groups: list[np.ndarray] = []  # logarithms of their weights after each epoch
    caching, not_caching = RecordingCallback(), RecordingCallback()
    on_disk = {"memory": 1e-6, "disk": disk} if disk else {}
    cached, *_ = run(parameters, callback=caching, runtime=make_runtime(**on_disk), folder=tmp_path, **changes)
    computed, *_ = run(parameters, callback=not_caching, runtime=make_runtime(memory=1e-9), **changes)
    assert caching.cached == [4 * 16 + 6] * 2  # four views of the train images, and val
    assert all("on disk" in text if disk else "in memory" in text for text in caching.plans)
    assert not_caching.cached == []
    np.testing.assert_allclose(groups[:10], groups[10:], rtol=1e-3)  # those of the images themselves, not of views
    rows = [[epoch.val_loss for epoch, _ in callback.epochs] for callback in (caching, not_caching)]
    np.testing.assert_allclose(*rows, rtol=1e-3)
    for weight, expected in zip(cached.get_weights(), computed.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-4)


def test_features_are_not_cached_if_colours_change(transfer: Callable[..., Transfer]) -> None:
    callback = RecordingCallback()
    run(pretrained(transfer), examples(4, 32), callback=callback, augment={**AUGMENT, "contrast": 0.5})
    assert callback.cached == []
    assert len(callback.epochs) == 2


TARGET = Target({"akiec": 1, "bcc": 1, "bkl": 0, "df": 0, "mel": 1, "nv": 0, "vasc": 0})


def diagnosed(count: int, seed: int = 1) -> Examples:
    """Return images of four diagnoses, each with its colour."""
    random = np.random.default_rng(seed)
    names = np.array(["bcc", "mel", "nv", "vasc"])
    numbers = np.arange(count) % 4
    colours = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200], [200, 200, 200]])[numbers]
    images = random.normal(colours[:, None, None], 8, (count, 12, 12, 3)).clip(0, 255).astype(np.uint8)
    return Examples(images, (numbers < 2).astype(np.float32), None, names[numbers])


def run_dx(parameters: SmallCNN, **changes: Any) -> tuple[Any, Curve, np.ndarray]:
    model = build_member("m", parameters, seed=1, target=TARGET)
    settings = TrainSettings(training(target="dx", **changes), make_runtime(), 1, protocol="", versions={})
    curve, predicted = fit(model, parameters, diagnosed(32), diagnosed(12, seed=2), settings, target=TARGET)
    return model, curve, predicted


@pytest.mark.parametrize(
    "changes", [{}, {"loss": "focal"}, {"center_loss": 0.1}, {"balance": "class_weights", "label_smoothing": 0.1}]
)
def test_the_target_dx_learns_diagnoses_and_predicts_their_malignant_sum(
    tiny_cnn: MakeCNN, changes: dict[str, Any]
) -> None:
    parameters = tiny_cnn(epochs=20, dropout=0.0, filters=8, units=16, learning_rate=0.01)
    model, curve, predicted = run_dx(parameters, monitor="val_loss", **changes)
    val = diagnosed(12, seed=2)
    probabilities = outputs(model, [val.images], 4, eager=True)
    np.testing.assert_allclose(predicted, TARGET.probability(probabilities))
    assert val.diagnoses is not None
    names = np.array(list(TARGET.classes))[probabilities.argmax(axis=1)]
    assert (names == val.diagnoses).mean() > 0.9
    assert curve.chosen is not None
    assert curve.chosen.val_roc_auc == curve.chosen.train_roc_auc == 1.0


def test_averaged_weights_are_kept_and_training_continues_with_its_own(tiny_cnn: MakeCNN) -> None:
    """With one step an epoch, the average after each epoch can be computed by hand."""
    parameters = tiny_cnn(epochs=4, dropout=0.0, optimizer="sgd", learning_rate=0.1)
    momentum = 0.75
    own, averaged = [], []
    one_step: dict[str, Any] = {"batch_size": 16, "monitor": "val_loss"}
    run(parameters, save=lambda state: own.append(state.weights), **one_step)
    run(parameters, save=lambda state: averaged.append(state.weights), weight_average=momentum, **one_step)
    expected = own[0]
    for weights, found in zip(own, averaged, strict=True):
        expected = [momentum * old + (1 - momentum) * new for old, new in zip(expected, weights, strict=True)]
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_mixing_trains_on_mixed_images_and_labels(tiny_cnn: MakeCNN) -> None:
    parameters = tiny_cnn(epochs=12, dropout=0.0, filters=8, units=16)
    plain, mixed = (run(parameters, monitor="val_loss", mix=mix, mix_alpha=1.0)[1] for mix in ("none", "mixup"))
    assert mixed.summary()["val_roc_auc"] == 1.0
    assert mixed.epochs[-1].val_loss > plain.epochs[-1].val_loss  # mixed labels keep probabilities away from 0 and 1


def test_the_cosine_schedule_ends_with_small_steps(tiny_cnn: MakeCNN) -> None:
    states: list[State] = []
    run(tiny_cnn(epochs=3, optimizer="sgd"), schedule="cosine", warmup_epochs=1, save=states.append)
    first, last = (
        np.concatenate([(old - new).ravel() for old, new in zip(before.weights, after.weights, strict=True)])
        for before, after in (states[:2], states[1:])
    )
    assert np.abs(last).max() < np.abs(first).max()


@pytest.mark.parametrize("balance", ["class_weights", "batches"])
def test_balancing_raises_the_probability_of_the_rarer_label(tiny_cnn: MakeCNN, balance: str) -> None:
    balanced_labels = examples(40)
    keep = np.flatnonzero((balanced_labels.labels == 0) | (np.arange(40) % 10 == 1))
    rare = Examples(balanced_labels.images[keep], balanced_labels.labels[keep])
    parameters = tiny_cnn(epochs=1, optimizer="sgd", dropout=0.0)
    plain, balanced = (run(parameters, rare, balance=value)[2] for value in ("none", balance))
    assert balanced.mean() > plain.mean()


def test_out_of_memory_raises_an_error_with_the_parameters_to_reduce(
    tiny_cnn: MakeCNN, monkeypatch: pytest.MonkeyPatch, wording: Callable[..., None]
) -> None:
    import keras
    import tensorflow as tf

    def run_out_of_memory(*arguments: Any, **keywords: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr(keras.Model, "fit", run_out_of_memory)
    with pytest.raises(TrainingError, match=r"(?s)training\.batch_size 4.*2.*image_size") as raised:
        run(tiny_cnn())
    wording(str(raised.value))
