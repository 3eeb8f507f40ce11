"""Short trainings for the tests: images, parameters, a callback that records, and a call of fit."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from dermoscopy.networks.build import build_member
from dermoscopy.networks.data import Examples
from dermoscopy.networks.params import Runtime, SmallCNN, Training, Transfer
from dermoscopy.train.checkpoints import State
from dermoscopy.train.fit import fit
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.settings import TrainSettings
from tests.blocks import RUNTIME, TRAINING

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
