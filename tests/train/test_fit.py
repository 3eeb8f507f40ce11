from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.core.errors import TrainingError
from dermoscopy.networks.build import backbone_layers, build_member
from dermoscopy.networks.data import Examples, probabilities
from dermoscopy.networks.params import Augment, Runtime, SmallCNN, Training, Transfer
from dermoscopy.train.checkpoints import Checkpoint, State
from dermoscopy.train.fit import fit
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.settings import TrainSettings

MakeCNN = Callable[..., SmallCNN]


def examples(count: int, side: int = 12, seed: int = 1) -> Examples:
    """Malignant images are darker."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    means = np.where(labels, 60, 200)[:, None, None, None]
    images = random.normal(means, 10, (count, side, side, 3)).clip(0, 255).astype(np.uint8)
    return Examples(images, labels.astype(np.float32))


def shared(**changes: Any) -> Training:
    still = Augment(flip=0.0, quarter_turns=False, zoom=0.0, shift=0.0, brightness=0.0, contrast=0.0)
    usual = {
        "batch_size": 4,
        "monitor": "val_accuracy",
        "patience": None,
        "schedule": "constant",
        "warmup_epochs": 0,
        "balance": "none",
        "augment": still,
    }
    return Training(**{**usual, **changes})


def machine(**changes: Any) -> Runtime:
    return Runtime(**{"threads": 2, "precision": "float32", "eager": True, "devices": 1, "memory": 1.0, **changes})


class Seen(TrainingCallback):
    """Remembers what it is told."""

    def __init__(self, on_step: Callable[[int, float], None] = lambda step, loss: None) -> None:
        self.on_step = on_step
        self.epochs: list[tuple[Epoch, bool]] = []
        self.stored: list[int] = []

    def storing(self, images: int) -> AbstractContextManager[Callable[[int], None]]:
        self.stored.append(images)
        return super().storing(images)

    def on_epoch(self, epoch: Epoch, chosen: bool) -> None:
        self.epochs.append((epoch, chosen))


def run(
    parameters: SmallCNN | Transfer,
    train: Examples | None = None,
    model: Any = None,
    *,
    seen: Seen | None = None,
    runtime: Runtime | None = None,
    state: State | None = None,
    save: Callable[[State], None] = lambda state: None,
    seed: int = 1,
    **changes: Any,
) -> tuple[Any, Curve, np.ndarray, list[tuple[Epoch, bool]]]:
    import keras

    keras.utils.set_random_seed(1)  # of backbones whose weights are taken for given ones
    model = build_member("m", parameters, seed=1) if model is None else model
    seen = seen or Seen()
    curve, predictions = fit(
        model,
        parameters,
        examples(16, parameters.image_size) if train is None else train,
        examples(6, parameters.image_size, seed=2),
        TrainSettings(shared(**changes), runtime or machine(), seed, protocol="", versions={}),
        state=state,
        save=save,
        callback=seen,
    )
    return model, curve, predictions, seen.epochs


def test_learns_what_can_be_seen(tiny_cnn: MakeCNN) -> None:
    _, curve, _, seen = run(tiny_cnn(epochs=8, dropout=0.0), monitor="val_loss")
    assert [epoch.epoch for epoch, _ in seen] == list(range(1, 9))
    assert curve.epochs == [epoch for epoch, _ in seen]
    assert curve.epochs[-1].val_loss < 0.8 * curve.epochs[0].val_loss
    assert curve.summary()["val_roc_auc"] == 1.0


def test_leaves_the_chosen_epochs_weights(tiny_cnn: MakeCNN) -> None:
    # A step that is far too large: some middle epoch is the best.
    parameters = tiny_cnn(epochs=6, optimizer="sgd", learning_rate=0.3)
    model, curve, predictions, seen = run(parameters, monitor="val_loss")
    assert curve.chosen is not None
    assert curve.chosen.epoch < 6
    assert [epoch for epoch, chosen in seen if chosen][-1] == curve.chosen
    val = examples(6, seed=2)
    np.testing.assert_array_equal(probabilities(model, [val.images], 4, eager=True), predictions)
    stopped, *_ = run(tiny_cnn(epochs=curve.chosen.epoch, optimizer="sgd", learning_rate=0.3), monitor="val_loss")
    for one, other in zip(model.get_weights(), stopped.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_losses_leave_the_penalty_out(transfer: Callable[..., Transfer]) -> None:
    _, curve, predictions, _ = run(transfer(dense=[8], l2=100.0, optimizer="sgd", learning_rate=1e-9, clip=1.0))
    assert curve.epochs[0].train_loss < 5
    labels = examples(6, 32, seed=2).labels
    cross_entropy = -np.mean(np.log(np.where(labels == 1, predictions, 1 - predictions)))
    assert curve.epochs[0].val_loss == pytest.approx(cross_entropy)


def test_equal_seeds_give_equal_weights_and_others_do_not(tiny_cnn: MakeCNN) -> None:
    first, second, third = (run(tiny_cnn(epochs=2), seed=seed)[0].get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert not all(np.array_equal(one, other) for one, other in zip(first, third, strict=True))


def test_graphs_learn_like_eager_steps(tiny_cnn: MakeCNN) -> None:
    parameters = tiny_cnn(epochs=2, dropout=0.0)
    eager, graph = (run(parameters, runtime=machine(eager=eager))[0].get_weights() for eager in (True, False))
    for one, other in zip(eager, graph, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_steps_are_told(tiny_cnn: MakeCNN) -> None:
    steps: list[int] = []
    run(tiny_cnn(epochs=2), examples(10), seen=Seen(lambda step, loss: steps.append(step)))
    assert steps == [1, 2, 3, 1, 2, 3]


def test_fewer_photographs_than_a_batch_will_do(tiny_cnn: MakeCNN) -> None:
    _, curve, _, _ = run(tiny_cnn(epochs=1), examples(2))
    assert len(curve.epochs) == 1


def test_a_loss_that_runs_away_is_told_with_its_cause(tiny_cnn: MakeCNN) -> None:
    model = build_member("m", tiny_cnn(), seed=1)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    with pytest.raises(TrainingError) as raised:
        run(tiny_cnn(), model=model)
    assert "nan in epoch 1, with adam, learning rate 0.01, gradients not clipped" in str(raised.value)


def test_weights_that_run_away_in_the_last_step_are_told_too(tiny_cnn: MakeCNN) -> None:
    model = build_member("m", tiny_cnn(), seed=1)

    def spoil(step: int, loss: float) -> None:
        assert np.isfinite(loss)
        if step == 16 // 4:
            model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])

    with pytest.raises(TrainingError, match="validation became nan in epoch 1"):
        run(tiny_cnn(), model=model, seen=Seen(spoil))


def given(transfer: Callable[..., Transfer], **changes: Any) -> Transfer:
    """A member over starting weights; tests take its random ones for those."""
    usual = {
        "weights": "given",
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "fine_tune_learning_rate": 0.01,
        "clip": 1.0,
        "unfrozen_layers": 5,
    }
    return transfer(**{**usual, **changes})


def test_phases_train_the_layers_they_name(transfer: Callable[..., Transfer]) -> None:
    parameters = given(transfer)
    model = build_member("m", parameters, seed=1)
    layers = [layer for layer in backbone_layers(model, parameters) if layer.weights]
    kernels = [[np.asarray(layer.kernel) for layer in layers]]

    def save(state: State) -> None:
        kernels.append([np.asarray(layer.kernel) for layer in layers])

    _, curve, _, _ = run(parameters, examples(8, 32), model, save=save, monitor="val_loss")
    start, frozen, trained = kernels
    assert [epoch.phase for epoch in curve.epochs] == ["frozen", "trained"]
    assert all(np.array_equal(one, other) for one, other in zip(start, frozen, strict=True))
    moved = [
        layer.name for layer, one, other in zip(layers, frozen, trained, strict=True) if not np.array_equal(one, other)
    ]
    assert moved == ["block5_conv1", "block5_conv2", "block5_conv3", "block5_conv4"]


@pytest.mark.parametrize("unfrozen", [5, "none", "last_conv"])
def test_stored_features_train_like_photographs(transfer: Callable[..., Transfer], unfrozen: Any) -> None:
    parameters = given(transfer, unfrozen_layers=unfrozen, frozen_epochs=2, epochs=2)
    stored, not_stored = Seen(), Seen()
    short, short_curve, short_predictions, _ = run(parameters, seen=stored, monitor="val_loss")
    long, long_curve, long_predictions, _ = run(
        parameters, seen=not_stored, monitor="val_loss", runtime=machine(memory=1e-9)
    )
    assert stored.stored == [22, 22]  # train and val, in each phase
    assert not_stored.stored == []
    for one, other in zip(short.get_weights(), long.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(short_predictions, long_predictions, atol=1e-5)
    one, other = short_curve.frame(), long_curve.frame()
    np.testing.assert_allclose(one[["train_loss", "val_loss"]], other[["train_loss", "val_loss"]], atol=1e-4)


def test_what_is_drawn_anew_is_not_stored(transfer: Callable[..., Transfer]) -> None:
    seen = Seen()
    run(given(transfer), examples(4, 32), seen=seen, augment=shared().augment.model_copy(update={"flip": 0.5}))
    assert seen.stored == []
    assert len(seen.epochs) == 2


def test_a_phase_begins_with_the_best_weights_of_the_one_before(transfer: Callable[..., Transfer]) -> None:
    # Steps that are far too large: the frozen phase ends worse than it was.
    parameters = given(transfer, learning_rate=30.0, fine_tune_learning_rate=1e-12, clip=None, frozen_epochs=4)
    states: list[State] = []
    run(parameters, monitor="val_loss", save=states.append)
    frozen = [epoch.val_loss for epoch in states[-1].epochs if epoch.phase == "frozen"]
    assert min(frozen) < frozen[-1]
    assert states[-1].epochs[-1].val_loss == pytest.approx(min(frozen), rel=1e-3)


def test_impatience_ends_a_phase_but_not_the_next(transfer: Callable[..., Transfer]) -> None:
    parameters = given(transfer, learning_rate=30.0, fine_tune_learning_rate=1e-12, clip=None, frozen_epochs=40)
    _, curve, _, _ = run(parameters, monitor="val_loss", patience=2)
    frozen = [epoch for epoch in curve.epochs if epoch.phase == "frozen"]
    best = min(frozen, key=lambda epoch: epoch.val_loss)
    assert len(frozen) == best.epoch + 2 < 40
    assert [epoch.phase for epoch in curve.epochs[len(frozen) :]] == ["trained"]


def test_a_schedule_ends_at_no_step_at_all(tiny_cnn: MakeCNN) -> None:
    states: list[State] = []
    run(tiny_cnn(epochs=3, optimizer="sgd"), schedule="cosine", warmup_epochs=1, save=states.append)
    first, last = (
        np.concatenate([(one - other).ravel() for one, other in zip(before.weights, after.weights, strict=True)])
        for before, after in (states[:2], states[1:])
    )
    assert np.abs(last).max() < np.abs(first).max()


@pytest.mark.parametrize("balance", ["class_weights", "batches"])
def test_a_rare_label_is_made_up_for(tiny_cnn: MakeCNN, balance: str) -> None:
    many = examples(40)
    keep = np.flatnonzero((many.labels == 0) | (np.arange(40) % 10 == 1))
    rare = Examples(many.images[keep], many.labels[keep])
    parameters = tiny_cnn(epochs=1, optimizer="sgd", dropout=0.0)
    plain, balanced = (run(parameters, rare, balance=way)[2] for way in ("none", balance))
    assert balanced.mean() > plain.mean()


INTERRUPTED = {
    "small": {"dropout": 0.5, "optimizer": "adam", "epochs": 4},
    "augmented": {"dropout": 0.5, "optimizer": "nadam", "epochs": 3},
    "impatient": {"dropout": 0.5, "optimizer": "sgd", "learning_rate": 0.5, "epochs": 9},
}


@pytest.mark.parametrize("case", INTERRUPTED)
def test_goes_on_to_the_same_bytes_after_any_epoch(tiny_cnn: MakeCNN, case: str, tmp_path: Path) -> None:
    parameters = tiny_cnn(**INTERRUPTED[case])
    changes: dict[str, Any] = {"schedule": "cosine", "warmup_epochs": 1, "monitor": "val_loss"}
    if case == "augmented":
        changes["augment"] = shared().augment.model_copy(update={"flip": 0.5, "zoom": 0.2, "contrast": 0.2})
    if case == "impatient":
        changes["patience"] = 2
    same_bytes_after_any_epoch(parameters, changes, tmp_path)


@pytest.mark.slow
def test_goes_on_through_phases_to_the_same_bytes(transfer: Callable[..., Transfer], tmp_path: Path) -> None:
    parameters = given(transfer, optimizer="nadam", dense=[8], dropout=0.5, frozen_epochs=2, epochs=2)
    same_bytes_after_any_epoch(parameters, {"monitor": "val_loss"}, tmp_path)


@pytest.mark.slow
def test_a_phase_that_impatience_ended_stays_ended(transfer: Callable[..., Transfer], tmp_path: Path) -> None:
    # The frozen phase ends early, the next one finds better epochs.
    parameters = given(transfer, learning_rate=30.0, fine_tune_learning_rate=0.001, frozen_epochs=40, epochs=2)
    same_bytes_after_any_epoch(parameters, {"monitor": "val_loss", "patience": 1}, tmp_path)


def test_goes_on_in_float16_to_the_same_bytes(tiny_cnn: MakeCNN, tmp_path: Path) -> None:
    import keras

    keras.config.set_dtype_policy("mixed_float16")
    same_bytes_after_any_epoch(tiny_cnn(optimizer="nadam", epochs=3), {"monitor": "val_loss"}, tmp_path)


def same_bytes_after_any_epoch(parameters: SmallCNN | Transfer, changes: dict[str, Any], folder: Path) -> None:
    checkpoints: list[Checkpoint] = []

    def save(state: State) -> None:
        checkpoints.append(Checkpoint(folder / str(len(checkpoints))))
        checkpoints[-1].save(state)

    unbroken, curve, predictions, _ = run(parameters, save=save, **changes)
    assert len(checkpoints) == len(curve.epochs) > 1
    for checkpoint in checkpoints:
        state = checkpoint.load()
        assert state is not None
        resumed, resumed_curve, resumed_predictions, seen = run(parameters, state=state, **changes)
        assert len(seen) == len(curve.epochs) - len(state.epochs)
        assert resumed_curve.epochs == curve.epochs
        assert resumed_curve.chosen == curve.chosen
        np.testing.assert_array_equal(resumed_predictions, predictions)
        for one, other in zip(resumed.get_weights(), unbroken.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_batches_too_large_for_the_memory_are_told_with_what_would_do(
    tiny_cnn: MakeCNN, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras
    import tensorflow as tf

    def exhausted(*arguments: Any, **others: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr(keras.Model, "fit", exhausted)
    with pytest.raises(TrainingError, match=r"batches of 4 images.\n.*training.batch_size: 2"):
        run(tiny_cnn())


def test_nothing_is_written(tiny_cnn: MakeCNN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(tiny_cnn(epochs=1))
    assert list(tmp_path.iterdir()) == []
