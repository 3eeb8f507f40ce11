"""A member's epochs, one after the other, and the weights of the best of them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.errors import TrainingError
from dermoscopy.evaluation.metrics import log_loss, roc_auc
from dermoscopy.networks.batches import batches
from dermoscopy.networks.freezing import unfreeze
from dermoscopy.networks.optimizers import make_optimizer
from dermoscopy.networks.probabilities import probabilities
from dermoscopy.networks.transfer import backbone_layers
from dermoscopy.params.models import SmallCNN, Transfer
from dermoscopy.params.training import Training
from dermoscopy.training.curve import Curve, Epoch
from dermoscopy.training.examples import Examples
from dermoscopy.training.phases import Phase, phases

CALLED_MALIGNANT = 0.5  # probability from which accuracy counts a photograph as malignant, as Keras's does


def fit(
    model: Any,
    parameters: Transfer | SmallCNN,
    train: Examples,
    val: Examples,
    *,
    training: Training,
    seed: int,
    eager: bool,
    on_epoch: Callable[[Epoch, bool], None],
    on_step: Callable[[int, float], None] = lambda step, loss: None,
) -> tuple[Curve, NDArray[np.float64]]:
    """Train a model through its phases and leave it with the weights of the chosen epoch.

    Args:
        model: A member's Keras model.
        parameters: Its phases, optimizer and step.
        train: What it learns from.
        val: What chooses the epoch.
        training: Batch size and the metric that chooses.
        seed: Of the order of the photographs in each epoch.
        eager: Run Keras without graphs.
        on_epoch: Called after each epoch with it, and with whether it is the best so far.
        on_step: Called after each step with its number in the epoch and the loss.

    Returns:
        All epochs and the chosen one; and what its weights say of val, shape (photographs,).

    Raises:
        TrainingError: The loss is no longer finite.
    """
    import keras
    import tensorflow as tf

    pixels, val_pixels = tf.convert_to_tensor(train.images), tf.convert_to_tensor(val.images)
    report = keras.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: on_step(batch + 1, logs["loss"]))
    curve = Curve(training.monitor)
    best: list[NDArray[np.float32]] = []
    kept = np.empty(0)
    for phase in phases(parameters):
        _compile(model, parameters, phase, eager)
        for _ in range(phase.epochs):
            epoch = len(curve.epochs) + 1
            order = np.random.default_rng([seed, epoch]).permutation(len(train.labels))
            data = batches(pixels, training.batch_size, labels=train.labels, order=order)
            watchers = [keras.callbacks.TerminateOnNaN(), report]
            history = model.fit(data, shuffle=False, verbose=0, callbacks=watchers).history
            _require_finite(history["loss"][0], "loss", epoch, parameters, phase)
            answers = probabilities(model, val_pixels, training.batch_size, eager=eager)
            # The last step's weights have not met a loss yet.
            _require_finite(float(answers.sum()), "validation", epoch, parameters, phase)
            row = _row(epoch, phase, history, val, answers)
            chosen = curve.add(row)
            if chosen:
                best, kept = model.get_weights(), answers
            on_epoch(row, chosen)
    model.set_weights(best)
    return curve, kept


def _compile(model: Any, parameters: Transfer | SmallCNN, phase: Phase, eager: bool) -> None:
    import keras

    if isinstance(parameters, Transfer) and phase.unfrozen is not None:
        unfreeze(backbone_layers(model, parameters), phase.unfrozen)
    model.compile(
        optimizer=make_optimizer(parameters.optimizer, phase.learning_rate, _clip(parameters)),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[
            keras.metrics.BinaryAccuracy("accuracy", threshold=CALLED_MALIGNANT),
            keras.metrics.BinaryCrossentropy("cross_entropy"),
        ],
        run_eagerly=eager,
        jit_compile=False,  # XLA makes a step slower on a CPU
    )


def _clip(parameters: Transfer | SmallCNN) -> float | None:
    return parameters.clip if isinstance(parameters, Transfer) else None


def _require_finite(value: float, what: str, epoch: int, parameters: Transfer | SmallCNN, phase: Phase) -> None:
    if math.isfinite(value):
        return
    clip = _clip(parameters)
    clipped = "gradients not clipped" if clip is None else f"gradients clipped at {clip}"
    raise TrainingError(
        f"The {what} became {value} in epoch {epoch}, with {parameters.optimizer}, "
        f"learning rate {phase.learning_rate}, {clipped}: take a smaller learning rate or clip harder."
    )


def _row(
    epoch: int, phase: Phase, history: dict[str, list[float]], val: Examples, answers: NDArray[np.float64]
) -> Epoch:
    labels = val.labels.astype(np.int64)
    return Epoch(
        epoch=epoch,
        phase=phase.name,
        train_loss=float(history["cross_entropy"][0]),
        train_accuracy=float(history["accuracy"][0]),
        val_loss=log_loss(labels, answers),
        val_accuracy=float(np.mean((answers >= CALLED_MALIGNANT) == labels)),
        val_roc_auc=roc_auc(labels, answers),
    )
