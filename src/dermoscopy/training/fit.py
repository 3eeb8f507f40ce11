"""A member's training, phase after phase, and the weights of its best epoch."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.params.models import SmallCNN, Transfer
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training
from dermoscopy.training.checkpoints import State, restored
from dermoscopy.training.curve import Curve, Epoch
from dermoscopy.training.examples import Examples
from dermoscopy.training.phases import Phase, phases
from dermoscopy.training.trainer import PhaseTrainer
from dermoscopy.training.watcher import Watcher


def fit(
    model: Any,
    parameters: Transfer | SmallCNN,
    train: Examples,
    val: Examples,
    *,
    training: Training,
    runtime: Runtime,
    seed: int,
    state: State | None = None,
    save: Callable[[State], None] = lambda state: None,
    watcher: Watcher | None = None,
) -> tuple[Curve, NDArray[np.float64]]:
    """Train a model through its phases and leave it with the weights of the chosen epoch.

    Each phase begins with the best weights so far. Called again with the state it saved after any
    epoch, it goes on behind that one and ends with the same bytes.

    Args:
        model: A member's Keras model, built in the scope of the `distribution` over `runtime.devices`.
        parameters: Its phases, optimizer and step.
        train: What it learns from.
        val: What chooses the epoch.
        training: What all members share.
        runtime: How the machine is used.
        seed: Of the order of the photographs in each epoch, of what is drawn anew, and of dropout.
        state: What an earlier, killed call saved last; None trains from the first epoch.
        save: Called after each epoch with all that the next one depends on.
        watcher: Who is told of each phase, step and epoch.

    Returns:
        All epochs and the chosen one; and what its weights say of val, shape (photographs,).

    Raises:
        TrainingError: The loss is no longer finite, or the memory does not suffice.
    """
    watcher = watcher or Watcher()
    curve, best, kept = Curve(training.monitor), model.get_weights(), np.empty(0)
    if state:
        curve, best, kept = restored(curve, state), state.best, state.answers
    for place, phase in enumerate(phases(parameters)):
        trained = [epoch for epoch in curve.epochs if epoch.phase == phase.name]
        followed = bool(trained) and curve.epochs[-1].phase != phase.name
        if followed or _over(trained, phase, curve, training):
            continue
        model.set_weights(state.weights if state and trained else best)
        trainer = PhaseTrainer(
            model, parameters, phase, train, val, training=training, runtime=runtime, watcher=watcher
        )
        if state and trained:
            trainer.restore(state.optimizer)
        watcher.on_phase(place, len(trained))
        while not _over(trained, phase, curve, training):
            row, answers = trainer.epoch(len(curve.epochs) + 1, seed)
            chosen = curve.add(row)
            trained.append(row)
            weights = model.get_weights()
            if chosen:
                best, kept = weights, answers
            save(State(curve.epochs, weights, trainer.optimizer_state(), best, kept))
            watcher.on_epoch(row, chosen)
    model.set_weights(best)
    return curve, kept


def _over(trained: Sequence[Epoch], phase: Phase, curve: Curve, training: Training) -> bool:
    """Tell whether a phase has had all its epochs, or too many without a better one."""
    if len(trained) >= phase.epochs:
        return True
    if training.patience is None or not trained or curve.chosen is None:
        return False
    better = max(curve.chosen.epoch, trained[0].epoch - 1)
    return trained[-1].epoch - better >= training.patience
