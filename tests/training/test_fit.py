from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.errors import TrainingError
from dermoscopy.networks.member import build_member
from dermoscopy.networks.probabilities import probabilities
from dermoscopy.networks.transfer import backbone_layers
from dermoscopy.params.models import SmallCNN, Transfer
from dermoscopy.params.training import Training
from dermoscopy.training.curve import Curve, Epoch
from dermoscopy.training.examples import Examples
from dermoscopy.training.fit import fit

MakeCNN = Callable[..., SmallCNN]


def examples(count: int, side: int = 12, seed: int = 1) -> Examples:
    """Malignant photographs are darker."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    means = np.where(labels, 60, 200)[:, None, None, None]
    images = random.normal(means, 10, (count, side, side, 3)).clip(0, 255).astype(np.uint8)
    return Examples(images, labels.astype(np.float32))


def run(
    parameters: SmallCNN | Transfer, train: Examples | None = None, model: Any = None, **settings: Any
) -> tuple[Any, Curve, np.ndarray, list[tuple[Epoch, bool]]]:
    model = build_member("m", parameters, seed=1) if model is None else model
    seen: list[tuple[Epoch, bool]] = []
    training = Training(batch_size=4, monitor=settings.pop("monitor", "val_accuracy"))
    own = {"seed": 1, "eager": True, **settings}
    curve, answers = fit(
        model,
        parameters,
        examples(16, parameters.image_size) if train is None else train,
        examples(6, parameters.image_size, seed=2),
        training=training,
        on_epoch=lambda epoch, chosen: seen.append((epoch, chosen)),
        **own,
    )
    return model, curve, answers, seen


def test_learns_what_can_be_seen(tiny_cnn: MakeCNN) -> None:
    _, curve, _, seen = run(tiny_cnn(epochs=8, dropout=0.0), monitor="val_loss")
    assert [epoch.epoch for epoch, _ in seen] == list(range(1, 9))
    assert curve.epochs == [epoch for epoch, _ in seen]
    assert curve.epochs[-1].val_loss < 0.8 * curve.epochs[0].val_loss
    assert curve.summary()["val_roc_auc"] == 1.0


def test_leaves_the_chosen_epochs_weights(tiny_cnn: MakeCNN) -> None:
    # A step that is far too large: some middle epoch is the best.
    parameters = tiny_cnn(epochs=6, optimizer="sgd", learning_rate=0.3)
    model, curve, answers, seen = run(parameters, monitor="val_loss")
    assert curve.chosen is not None
    assert curve.chosen.epoch < 6
    assert [epoch for epoch, chosen in seen if chosen][-1] == curve.chosen
    val = examples(6, seed=2)
    np.testing.assert_array_equal(probabilities(model, val.images, 4, eager=True), answers)
    stopped, *_ = run(tiny_cnn(epochs=curve.chosen.epoch, optimizer="sgd", learning_rate=0.3), monitor="val_loss")
    for one, other in zip(model.get_weights(), stopped.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_losses_leave_the_penalty_out(transfer: Callable[..., Transfer]) -> None:
    _, curve, answers, _ = run(transfer(dense=[8], l2=100.0, optimizer="sgd", learning_rate=1e-9, clip=1.0))
    assert curve.epochs[0].train_loss < 5
    labels = examples(6, 32, seed=2).labels
    cross_entropy = -np.mean(np.log(np.where(labels == 1, answers, 1 - answers)))
    assert curve.epochs[0].val_loss == pytest.approx(cross_entropy)


def test_equal_seeds_give_equal_weights_and_others_do_not(tiny_cnn: MakeCNN) -> None:
    first, second, third = (run(tiny_cnn(epochs=2), seed=seed)[0].get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert not all(np.array_equal(one, other) for one, other in zip(first, third, strict=True))


def test_graphs_learn_like_eager_steps(tiny_cnn: MakeCNN) -> None:
    parameters = tiny_cnn(epochs=2, dropout=0.0)
    eager, graph = (run(parameters, eager=eager)[0].get_weights() for eager in (True, False))
    for one, other in zip(eager, graph, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_steps_are_told(tiny_cnn: MakeCNN) -> None:
    steps: list[int] = []
    run(tiny_cnn(epochs=2), examples(10), on_step=lambda step, loss: steps.append(step))
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
        run(tiny_cnn(), model=model, on_step=spoil)


def test_phases_train_the_layers_they_name(transfer: Callable[..., Transfer]) -> None:
    parameters = transfer(
        weights="given", optimizer="sgd", learning_rate=0.01, fine_tune_learning_rate=0.01, clip=1.0, unfrozen_layers=5
    )
    model = build_member("m", parameters, seed=1)  # as if its random weights had been given
    layers = [layer for layer in backbone_layers(model, parameters) if layer.weights]
    kernels = [[np.asarray(layer.kernel) for layer in layers]]
    training = Training(batch_size=4, monitor="val_loss")
    both = examples(8, 32)

    def on_epoch(epoch: Epoch, chosen: bool) -> None:
        kernels.append([np.asarray(layer.kernel) for layer in layers])

    curve, _ = fit(model, parameters, both, both, training=training, seed=1, eager=True, on_epoch=on_epoch)
    start, frozen, trained = kernels
    assert [epoch.phase for epoch in curve.epochs] == ["frozen", "trained"]
    assert all(np.array_equal(one, other) for one, other in zip(start, frozen, strict=True))
    moved = [
        layer.name for layer, one, other in zip(layers, frozen, trained, strict=True) if not np.array_equal(one, other)
    ]
    assert moved == ["block5_conv1", "block5_conv2", "block5_conv3", "block5_conv4"]


def test_nothing_is_written(tiny_cnn: MakeCNN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(tiny_cnn(epochs=1))
    assert list(tmp_path.iterdir()) == []
