"""Train a model through its phases and keep the best epoch."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.data import Examples
from dermoscopy.networks.params import SmallCNN, Training, Transfer
from dermoscopy.networks.target import BINARY, Target
from dermoscopy.train.checkpoints import State, restore_curve
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.phases import Phase, phases
from dermoscopy.train.settings import TrainSettings
from dermoscopy.train.trainer import PhaseTrainer


def fit(
    model: Any,
    parameters: Transfer | SmallCNN,
    train: Examples,
    val: Examples,
    settings: TrainSettings,
    *,
    target: Target = BINARY,
    folder: Path = Path(),
    state: State | None = None,
    save: Callable[[State], None] = lambda state: None,
    callback: TrainingCallback | None = None,
) -> tuple[Curve, NDArray[np.float64]]:
    """Train a model through its phases and set its weights to those of the chosen epoch.

    Each phase starts with the best weights so far. A call that resumes from the state after any epoch returns
    the same bytes as an uninterrupted one.

    Args:
        model: Keras model of the member, built in the scope of the `device_strategy` of the runtime's devices.
        parameters: Parameters of the member.
        train: Images and labels of train.
        val: Images and labels of val, on which the epoch is chosen.
        settings: Settings of the training; order, augmentation and dropout are derived from its seed.
        target: Classes that the model predicts.
        folder: Folder of cached features that do not fit in memory.
        state: State that an interrupted call saved last; None trains from the first epoch.
        save: Function that saves the state after each epoch.
        callback: Callback that is called at each phase, step and epoch; None does nothing.

    Returns:
        Curve of all epochs with the chosen one, and the probabilities of the val images that the model predicts
        with the weights of the chosen epoch, shape (images,).

    Raises:
        TrainingError: The loss is not finite, or the memory is insufficient.
    """
    callback, training = callback or TrainingCallback(), settings.training
    curve, best, best_predicted = Curve(training.monitor), model.get_weights(), np.empty(0)
    if state:
        curve, best, best_predicted = restore_curve(curve, state), state.best, state.probabilities
    for number, phase in enumerate(phases(parameters)):
        trained = [epoch for epoch in curve.epochs if epoch.phase == phase.name]
        is_past = bool(trained) and curve.epochs[-1].phase != phase.name
        if is_past or _has_ended(trained, phase, curve, training):
            continue
        model.set_weights(state.weights if state and trained else best)
        trainer = PhaseTrainer(model, parameters, phase, train, val, settings, target, folder, callback)
        if state and trained:
            trainer.restore(state.optimizer)
        callback.on_phase(number, len(trained))
        while not _has_ended(trained, phase, curve, training):
            row, predicted = trainer.epoch(len(curve.epochs) + 1)
            chosen = curve.add(row)
            trained.append(row)
            weights = model.get_weights()
            if chosen:
                best, best_predicted = weights, predicted
            save(State(curve.epochs, weights, trainer.optimizer_state(), best, best_predicted))
            callback.on_epoch(row, chosen)
        del trainer  # frees its cached features before the next phase caches its own
    model.set_weights(best)
    return curve, best_predicted


def _has_ended(trained: Sequence[Epoch], phase: Phase, curve: Curve, training: Training) -> bool:
    """Return whether a phase has had all its epochs, or too many without improvement."""
    if len(trained) >= phase.epochs:
        return True
    if training.patience is None or not trained or curve.chosen is None:
        return False
    last_better = max(curve.chosen.epoch, trained[0].epoch - 1)
    return trained[-1].epoch - last_better >= training.patience
