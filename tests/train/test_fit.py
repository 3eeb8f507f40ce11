"""Phases, the chosen epoch and early stopping."""

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.build import backbone_layers, build_member
from dermoscopy.networks.data import outputs
from dermoscopy.networks.params import Transfer
from dermoscopy.train.checkpoints import State
from dermoscopy.train.features import cache_features
from tests.train.runs import MakeCNN, examples, make_runtime, pretrained, run


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


def test_the_seed_determines_the_weights(tiny_cnn: MakeCNN) -> None:
    first, second, third = (run(tiny_cnn(epochs=2), seed=seed)[0].get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(weight, expected) for weight, expected in zip(first, second, strict=True))
    assert not all(np.array_equal(weight, expected) for weight, expected in zip(first, third, strict=True))


def test_fewer_images_than_a_batch_are_trained_on(tiny_cnn: MakeCNN) -> None:
    _, curve, _, _ = run(tiny_cnn(epochs=1), examples(2))
    assert len(curve.epochs) == 1


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


def test_fit_writes_no_files(tiny_cnn: MakeCNN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(tiny_cnn(epochs=1))
    assert list(tmp_path.iterdir()) == []
