import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.core.errors import DivergedError, TrainingError
from dermoscopy.networks.build import backbone_layers, build_member
from dermoscopy.networks.data import Examples, outputs
from dermoscopy.networks.params import Runtime, SmallCNN, Training, Transfer
from dermoscopy.networks.target import Target
from dermoscopy.train.checkpoints import Checkpoint, State
from dermoscopy.train.features import cache_features
from dermoscopy.train.fit import fit
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.settings import TrainSettings
from tests.blocks import AUGMENT, RUNTIME, TRAINING

MakeCNN = Callable[..., SmallCNN]


def examples(count: int, size: int = 12, seed: int = 1) -> Examples:
    """Return random images with labels; malignant images are darker."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    means = np.where(labels, 60, 200)[:, None, None, None]
    images = random.normal(means, 10, (count, size, size, 3)).clip(0, 255).astype(np.uint8)
    return Examples(images, labels.astype(np.float32), np.arange(count) // 2 % 3)


def training(**changes: Any) -> Training:
    return Training(**{**TRAINING, **changes})


def make_runtime(**changes: Any) -> Runtime:
    return Runtime(**{**RUNTIME, "eager": True, "memory": 1.0, **changes})


class RecordingCallback(TrainingCallback):
    """Record the epochs and the numbers of images whose features are cached."""

    def __init__(self, on_step: Callable[[int, float], None] = lambda step, loss: None) -> None:
        self.on_step = on_step
        self.epochs: list[tuple[Epoch, bool]] = []
        self.cached: list[int] = []
        self.plans: list[str] = []

    def on_cache_plan(self, text: str) -> None:
        self.plans.append(text)

    def on_caching(self, images: int) -> AbstractContextManager[Callable[[int], None]]:
        self.cached.append(images)
        return super().on_caching(images)

    def on_epoch(self, epoch: Epoch, chosen: bool) -> None:
        self.epochs.append((epoch, chosen))


def run(
    parameters: SmallCNN | Transfer,
    train: Examples | None = None,
    model: Any = None,
    *,
    callback: RecordingCallback | None = None,
    runtime: Runtime | None = None,
    state: State | None = None,
    save: Callable[[State], None] = lambda state: None,
    seed: int = 1,
    folder: Path = Path(),
    **changes: Any,
) -> tuple[Any, Curve, np.ndarray, list[tuple[Epoch, bool]]]:
    import keras

    keras.utils.set_random_seed(1)  # for backbones whose random weights are used as starting weights
    model = build_member("m", parameters, seed=1) if model is None else model
    callback = callback or RecordingCallback()
    curve, predicted = fit(
        model,
        parameters,
        examples(16, parameters.image_size) if train is None else train,
        examples(6, parameters.image_size, seed=2),
        TrainSettings(training(**changes), runtime or make_runtime(), seed, protocol="", versions={}),
        folder=folder,
        state=state,
        save=save,
        callback=callback,
    )
    return model, curve, predicted, callback.epochs


def test_training_reduces_the_loss_and_separates_the_labels(tiny_cnn: MakeCNN) -> None:
    _, curve, _, epochs = run(tiny_cnn(epochs=8, dropout=0.0), monitor="val_loss")
    assert [epoch.epoch for epoch, _ in epochs] == list(range(1, 9))
    assert curve.epochs == [epoch for epoch, _ in epochs]
    assert curve.epochs[-1].val_loss < 0.8 * curve.epochs[0].val_loss
    assert curve.summary()["val_roc_auc"] == 1.0


def test_the_model_ends_with_the_weights_of_the_chosen_epoch(tiny_cnn: MakeCNN) -> None:
    # The learning rate is far too large, so that a middle epoch is the best.
    parameters = tiny_cnn(epochs=6, optimizer="sgd", learning_rate=0.3)
    model, curve, predicted, epochs = run(parameters, monitor="val_loss")
    assert curve.chosen is not None
    assert curve.chosen.epoch < 6
    assert [epoch for epoch, chosen in epochs if chosen][-1] == curve.chosen
    val = examples(6, seed=2)
    np.testing.assert_array_equal(outputs(model, [val.images], 4, eager=True)[:, 0], predicted)
    stopped, *_ = run(tiny_cnn(epochs=curve.chosen.epoch, optimizer="sgd", learning_rate=0.3), monitor="val_loss")
    for weight, expected in zip(model.get_weights(), stopped.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_losses_exclude_the_l2_penalty(transfer: Callable[..., Transfer]) -> None:
    _, curve, predicted, _ = run(transfer(dense=[8], l2=100.0, optimizer="sgd", learning_rate=1e-9, clip=1.0))
    assert curve.epochs[0].train_loss < 5
    labels = examples(6, 32, seed=2).labels
    cross_entropy = -np.mean(np.log(np.where(labels == 1, predicted, 1 - predicted)))
    assert curve.epochs[0].val_loss == pytest.approx(cross_entropy)


def test_the_seed_determines_the_weights(tiny_cnn: MakeCNN) -> None:
    first, second, third = (run(tiny_cnn(epochs=2), seed=seed)[0].get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(weight, expected) for weight, expected in zip(first, second, strict=True))
    assert not all(np.array_equal(weight, expected) for weight, expected in zip(first, third, strict=True))


def test_graph_and_eager_training_agree(tiny_cnn: MakeCNN) -> None:
    parameters = tiny_cnn(epochs=2, dropout=0.0)
    eager, graph = (run(parameters, runtime=make_runtime(eager=eager))[0].get_weights() for eager in (True, False))
    for weight, expected in zip(eager, graph, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-4)


def test_the_callback_receives_each_step(tiny_cnn: MakeCNN) -> None:
    steps: list[int] = []
    run(tiny_cnn(epochs=2), examples(10), callback=RecordingCallback(lambda step, loss: steps.append(step)))
    assert steps == [1, 2, 3, 1, 2, 3]


def test_fewer_images_than_a_batch_are_trained_on(tiny_cnn: MakeCNN) -> None:
    _, curve, _, _ = run(tiny_cnn(epochs=1), examples(2))
    assert len(curve.epochs) == 1


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


def pretrained(transfer: Callable[..., Transfer], **changes: Any) -> Transfer:
    """Return a member with starting weights; the tests use random weights in their place."""
    default = {
        "weights": "given",
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "fine_tune_learning_rate": 0.01,
        "clip": 1.0,
        "unfrozen_layers": 5,
    }
    return transfer(**{**default, **changes})


def test_each_phase_trains_only_its_layers(transfer: Callable[..., Transfer]) -> None:
    parameters = pretrained(transfer)
    model = build_member("m", parameters, seed=1)
    layers = [layer for layer in backbone_layers(model, parameters) if layer.weights]
    kernels = [[np.asarray(layer.kernel) for layer in layers]]

    def save(state: State) -> None:
        kernels.append([np.asarray(layer.kernel) for layer in layers])

    _, curve, _, _ = run(parameters, examples(8, 32), model, save=save, monitor="val_loss")
    start, frozen, trained = kernels
    assert [epoch.phase for epoch in curve.epochs] == ["frozen", "trained"]
    assert all(np.array_equal(before, after) for before, after in zip(start, frozen, strict=True))
    changed = [
        layer.name
        for layer, before, after in zip(layers, frozen, trained, strict=True)
        if not np.array_equal(before, after)
    ]
    assert changed == ["block5_conv1", "block5_conv2", "block5_conv3", "block5_conv4"]


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


@pytest.mark.parametrize("eager", [True, False])
def test_a_phase_frees_its_cached_features_before_the_next_one_caches_its_own(
    transfer: Callable[..., Transfer], monkeypatch: pytest.MonkeyPatch, eager: bool
) -> None:
    """Otherwise both would be within the limits, but not their sum."""
    cached: list[weakref.ref[np.ndarray]] = []
    alive: list[int] = []

    def cache(*arguments: Any, **options: Any) -> list[np.ndarray]:
        alive.append(sum(array() is not None for array in cached))
        features = cache_features(*arguments, **options)
        cached.extend(map(weakref.ref, features))
        return features

    monkeypatch.setattr("dermoscopy.train.trainer.cache_features", cache)
    run(pretrained(transfer), examples(8, 32), runtime=make_runtime(eager=eager))
    assert alive == [0, 1, 0, 1]  # train and val, in each phase


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


def test_a_phase_starts_with_the_best_weights_of_the_previous_one(transfer: Callable[..., Transfer]) -> None:
    # The learning rate is far too large, so that the frozen phase ends worse than its best epoch.
    parameters = pretrained(transfer, learning_rate=30.0, fine_tune_learning_rate=1e-12, clip=None, frozen_epochs=4)
    states: list[State] = []
    run(parameters, monitor="val_loss", save=states.append)
    frozen = [epoch.val_loss for epoch in states[-1].epochs if epoch.phase == "frozen"]
    assert min(frozen) < frozen[-1]
    assert states[-1].epochs[-1].val_loss == pytest.approx(min(frozen), rel=1e-3)


def test_early_stopping_ends_a_phase_but_not_the_next(transfer: Callable[..., Transfer]) -> None:
    parameters = pretrained(transfer, learning_rate=30.0, fine_tune_learning_rate=1e-12, clip=None, frozen_epochs=40)
    _, curve, _, _ = run(parameters, monitor="val_loss", patience=2)
    frozen = [epoch for epoch in curve.epochs if epoch.phase == "frozen"]
    best = min(frozen, key=lambda epoch: epoch.val_loss)
    assert len(frozen) == best.epoch + 2 < 40
    assert [epoch.phase for epoch in curve.epochs[len(frozen) :]] == ["trained"]


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


INTERRUPTED = {
    "small": {"dropout": 0.5, "optimizer": "adam", "epochs": 4},
    "augmented": {"dropout": 0.5, "optimizer": "nadam", "epochs": 3},
    "early_stopping": {"dropout": 0.5, "optimizer": "sgd", "learning_rate": 0.5, "epochs": 9},
    "group_dro": {"dropout": 0.5, "optimizer": "adam", "epochs": 4},
    "all": {"dropout": 0.5, "optimizer": "adamw", "epochs": 4},
}


@pytest.mark.parametrize("case", INTERRUPTED)
def test_resuming_after_any_epoch_gives_the_same_bytes(tiny_cnn: MakeCNN, case: str, tmp_path: Path) -> None:
    parameters = tiny_cnn(**INTERRUPTED[case])
    changes: dict[str, Any] = {"schedule": "cosine", "warmup_epochs": 1, "monitor": "val_loss"}
    if case == "augmented":
        changes["augment"] = training().augment.model_copy(update={"flip": 0.5, "zoom": 0.2, "contrast": 0.2})
    if case == "early_stopping":
        changes["patience"] = 2
    if case == "group_dro":
        changes |= {"balance": "group_dro", "group_step": 1.0}
    if case == "all":
        changes |= {"balance": "group_dro", "weight_average": 0.9, "center_loss": 0.5, "mix": "cutmix"}
    check_resuming(parameters, changes, tmp_path)


@pytest.mark.slow
def test_resuming_in_any_phase_gives_the_same_bytes(transfer: Callable[..., Transfer], tmp_path: Path) -> None:
    parameters = pretrained(transfer, optimizer="nadam", dense=[8], dropout=0.5, frozen_epochs=2, epochs=2)
    check_resuming(parameters, {"monitor": "val_loss", "balance": "group_dro"}, tmp_path)


@pytest.mark.slow
def test_an_early_stopped_phase_stays_ended_after_resuming(transfer: Callable[..., Transfer], tmp_path: Path) -> None:
    # The frozen phase ends early, and the next phase has better epochs.
    parameters = pretrained(transfer, learning_rate=30.0, fine_tune_learning_rate=0.001, frozen_epochs=40, epochs=2)
    check_resuming(parameters, {"monitor": "val_loss", "patience": 1}, tmp_path)


@pytest.mark.parametrize("changes", [{}, {"weight_average": 0.9, "center_loss": 0.5}])
def test_resuming_in_float16_gives_the_same_bytes(tiny_cnn: MakeCNN, tmp_path: Path, changes: dict[str, Any]) -> None:
    import keras

    keras.config.set_dtype_policy("mixed_float16")
    check_resuming(tiny_cnn(optimizer="nadam", epochs=3), {"monitor": "val_loss", **changes}, tmp_path)


def test_resuming_with_cached_views_gives_the_same_bytes(transfer: Callable[..., Transfer], tmp_path: Path) -> None:
    parameters = pretrained(transfer, frozen_epochs=5, unfrozen_layers="none", epochs=1, dense=[8], dropout=0.5)
    changes: dict[str, Any] = {"monitor": "val_loss", "balance": "group_dro", "weight_average": 0.9, "center_loss": 0.5}
    changes |= {"augment": {**AUGMENT, "flip": 0.5}, "folder": tmp_path}
    changes["runtime"] = make_runtime(memory=1e-6, disk=1.0)
    states: list[State] = []
    callback = RecordingCallback()

    def save(state: State) -> None:
        states.append(replace(state, epochs=list(state.epochs)))  # the list of the curve grows

    uninterrupted, curve, *_ = run(parameters, save=save, callback=callback, **changes)
    assert "on disk" in callback.plans[0]
    for state in (states[1], states[4]):  # within the phase, and at its end
        resumed, resumed_curve, *_ = run(parameters, state=state, **changes)
        assert resumed_curve.epochs == curve.epochs
        for weight, expected in zip(resumed.get_weights(), uninterrupted.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, expected)


def check_resuming(parameters: SmallCNN | Transfer, changes: dict[str, Any], folder: Path) -> None:
    checkpoints: list[Checkpoint] = []

    def save(state: State) -> None:
        checkpoints.append(Checkpoint(folder / str(len(checkpoints))))
        checkpoints[-1].save(state)

    uninterrupted, curve, predicted, _ = run(parameters, save=save, **changes)
    assert len(checkpoints) == len(curve.epochs) > 1
    for checkpoint in checkpoints:
        state = checkpoint.load()
        assert state is not None
        resumed, resumed_curve, resumed_predicted, epochs = run(parameters, state=state, **changes)
        assert len(epochs) == len(curve.epochs) - len(state.epochs)
        assert resumed_curve.epochs == curve.epochs
        assert resumed_curve.chosen == curve.chosen
        np.testing.assert_array_equal(resumed_predicted, predicted)
        for weight, expected in zip(resumed.get_weights(), uninterrupted.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, expected)


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


def test_fit_writes_no_files(tiny_cnn: MakeCNN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(tiny_cnn(epochs=1))
    assert list(tmp_path.iterdir()) == []
