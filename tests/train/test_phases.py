from collections.abc import Callable
from typing import Any

import pytest

from dermoscopy.core.errors import DivergedError
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.train.phases import Phase, phases, require_finite


def transfer(**changes: Any) -> Transfer:
    paper = {
        "backbone": "inception_v3",
        "weights": "inception_v3",
        "image_size": 224,
        "normalization": "unit",
        "initializer": "glorot_uniform",
        "batch_norm_momentum": 0.9,
        "frozen_batch_norm": True,
        "output_layer": None,
        "dense": [128],
        "dropout": 0.5,
        "l2": 0.0001,
        "optimizer": "nadam",
        "learning_rate": 0.001,
        "fine_tune_learning_rate": 0.0001,
        "clip": 1.0,
        "clip_by": "value",
        "frozen_epochs": 15,
        "unfrozen_layers": 150,
        "epochs": 10,
    }
    return Transfer(**{**paper, **changes})


def test_starting_weights_give_a_frozen_and_a_fine_tuned_phase() -> None:
    assert phases(transfer()) == [Phase("frozen", 15, 0.001, "none"), Phase("trained", 10, 0.0001, 150)]


def test_without_frozen_epochs_there_is_one_phase() -> None:
    assert phases(transfer(frozen_epochs=0, unfrozen_layers="all")) == [Phase("trained", 10, 0.001, "all")]


def test_random_weights_train_all_layers_from_the_first_epoch() -> None:
    assert phases(transfer(weights="none")) == [Phase("trained", 10, 0.001, None)]


@pytest.mark.parametrize("epochs", [1, 7])
def test_a_small_cnn_has_one_phase(tiny_cnn: Callable[..., SmallCNN], epochs: int) -> None:
    assert phases(tiny_cnn(epochs=epochs)) == [Phase("trained", epochs, 0.01, None)]


@pytest.mark.parametrize(("clip", "advice"), [(None, "set clip"), (1.0, "lower clip")])
def test_the_advice_for_a_diverged_loss_fits_the_clipping(clip: float | None, advice: str) -> None:
    parameters = transfer(clip=clip)
    with pytest.raises(DivergedError, match=f"Use a smaller learning rate or {advice}\\.$"):
        require_finite(float("nan"), "loss", 1, parameters, phases(parameters)[0])
