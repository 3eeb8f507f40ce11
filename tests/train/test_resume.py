"""A training that resumes after any epoch gives the same bytes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.train.checkpoints import Checkpoint, State
from tests.blocks import AUGMENT
from tests.train.runs import MakeCNN, RecordingCallback, make_runtime, pretrained, run, training

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
