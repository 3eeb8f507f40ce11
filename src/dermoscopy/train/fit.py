"""A member's training, phase after phase, and the weights of its best epoch.

One phase of a training: epochs over images, or over what frozen layers said of them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion, log_loss, roc_auc
from dermoscopy.networks.build import backbone_layers, unfreeze
from dermoscopy.networks.data import Examples, batches, memory_guard, probabilities
from dermoscopy.networks.devices import device_strategy
from dermoscopy.networks.layers import derive
from dermoscopy.networks.optimizers import learning_rate, make_optimizer
from dermoscopy.networks.params import SmallCNN, Training, Transfer
from dermoscopy.train.checkpoints import State, restore_curve
from dermoscopy.train.features import cache_features, feature_gigabytes, split_frozen
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.phases import Phase, phases, require_finite
from dermoscopy.train.sampling import sample_augmentations, epoch_length, epoch_order, example_weights
from dermoscopy.train.settings import TrainSettings

ACCURACY_THRESHOLD = 0.5  # probability from which accuracy counts a image as malignant, as Keras's does


class PhaseTrainer:
    """A phase, ready to train: its layers frozen, what never changes stored, its optimizer new.

    Args:
        model: A member's Keras model, with the weights the phase begins or goes on with.
        parameters: Its optimizer and which layers it freezes.
        phase: Which.
        train: What it learns from.
        val: What it is judged by after each epoch.
        settings: What all trainings share; the seed is that of all that is random in this one.
        callback: Who is told of each step.
    """

    def __init__(
        self,
        model: Any,
        parameters: Transfer | SmallCNN,
        phase: Phase,
        train: Examples,
        val: Examples,
        settings: TrainSettings,
        callback: TrainingCallback,
    ) -> None:
        import keras

        self.parameters, self.phase, self.seed = parameters, phase, settings.seed
        self.training, self.runtime = settings.training, settings.runtime
        self.train, self.val, self.callback = train, val, callback
        self.weights = example_weights(train.labels, self.training.balance)
        if isinstance(parameters, Transfer) and phase.unfrozen is not None:
            unfreeze(backbone_layers(model, parameters), phase.unfrozen, frozen_batch_norm=parameters.frozen_batch_norm)
        self.model, self.inputs, self.val_inputs = self._model_and_inputs(model)
        with device_strategy(self.runtime.devices).scope():
            self._compile()
        # Outside of the scope: validation runs on one device, and so in order.
        self.eval_model = self.model if self.runtime.devices == 1 else keras.Model(self.model.inputs, self.model.outputs)

    def _model_and_inputs(self, model: Any) -> tuple[Any, list[NDArray[Any]], list[NDArray[Any]]]:
        """Return what trains, and what it is fed: stored features where that spares work and fits in memory."""
        splits = [self.train.images, self.val.images]
        split_model = None if self.training.augment.changes else split_frozen(model)
        images = sum(len(split) for split in splits)
        if split_model is None or feature_gigabytes(split_model, images) > self.runtime.memory:
            return model, [splits[0]], [splits[1]]
        with memory_guard(self.training.batch_size), self.callback.storing(images) as on_batch:
            features = [
                cache_features(split_model, split, self.training.batch_size, eager=self.runtime.eager, on_batch=on_batch)
                for split in splits
            ]
        return split_model.trained, features[0], features[1]

    def _compile(self) -> None:
        import keras

        length = epoch_length(self.train.labels, self.training.balance)
        steps = -(-length // self.training.batch_size)
        rate = learning_rate(
            self.phase.learning_rate,
            self.training.schedule,
            self.training.warmup_epochs * steps,
            self.phase.epochs * steps,
        )
        optimizer = make_optimizer(self.parameters.optimizer, rate, self.parameters.clip, self.parameters.clip_by)
        # Before Keras wraps it for float16, which would hide some of what it keeps from `optimizer_state`.
        optimizer.build(self.model.trainable_variables)
        self.model.compile(
            optimizer=optimizer,
            loss=keras.losses.BinaryCrossentropy(),
            metrics=[
                keras.metrics.BinaryAccuracy("accuracy", threshold=ACCURACY_THRESHOLD),
                keras.metrics.BinaryCrossentropy("cross_entropy"),
                keras.metrics.AUC(name="roc_auc"),
            ],
            run_eagerly=self.runtime.eager,
            jit_compile=False,  # XLA makes a step slower on a CPU
        )

    def _order(self, epoch: int) -> NDArray[np.int64]:
        order = epoch_order(self.train.labels, self.training.balance, seed=self.seed, epoch=epoch)
        # Every device needs an equal share of every batch, the last one too.
        return order[: len(order) - len(order) % self.runtime.devices]

    def optimizer_state(self) -> list[NDArray[Any]]:
        """Return the optimizer's variables."""
        return [variable.numpy() for variable in self.model.optimizer.variables]

    def restore(self, optimizer: Sequence[NDArray[Any]]) -> None:
        """Give the optimizer the variables that `optimizer_state` returned."""
        with device_strategy(self.runtime.devices).scope():
            self.model.optimizer.build(self.model.trainable_variables)
            for variable, value in zip(self.model.optimizer.variables, optimizer, strict=True):
                variable.assign(value)

    def epoch(self, epoch: int) -> tuple[Epoch, NDArray[np.float64]]:
        """Train an epoch.

        Args:
            epoch: From 1, through all phases; with the seed, of all that is random.

        Returns:
            The epoch, and what the weights then say of val.
        """
        import keras

        order = self._order(epoch)
        augment = None
        if self.training.augment.changes:
            own = derive(self.seed, "augment")
            augment = sample_augmentations(self.training.augment, len(order), seed=own, epoch=epoch).apply
        data = batches(
            self.inputs,
            self.training.batch_size,
            labels=self.train.labels,
            weights=self.weights,
            order=order,
            augment=augment,
        )
        _seed_dropout(self.model, self.seed, epoch)
        report = keras.callbacks.LambdaCallback(
            on_batch_end=lambda batch, logs: self.callback.on_step(batch + 1, logs["loss"])
        )
        watchers = [keras.callbacks.TerminateOnNaN(), report]
        with memory_guard(self.training.batch_size):
            history = self.model.fit(data, shuffle=False, verbose=0, callbacks=watchers).history
            require_finite(history["loss"][0], "loss", epoch, self.parameters, self.phase)
            predictions = probabilities(self.eval_model, self.val_inputs, self.training.batch_size, eager=self.runtime.eager)
        # The last step's weights have not met a loss yet.
        require_finite(float(predictions.sum()), "validation", epoch, self.parameters, self.phase)
        return _row(epoch, self.phase, history, self.val, predictions), predictions


def _seed_dropout(model: Any, seed: int, epoch: int) -> None:
    """Make what dropout draws in an epoch a matter of the epoch, not of those before it."""
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([derive(seed, layer.name, epoch), 0])


def _row(
    epoch: int, phase: Phase, history: dict[str, list[float]], val: Examples, predictions: NDArray[np.float64]
) -> Epoch:
    labels = val.labels.astype(np.int64)
    return Epoch(
        epoch=epoch,
        phase=phase.name,
        train_loss=float(history["cross_entropy"][0]),
        train_accuracy=float(history["accuracy"][0]),
        train_roc_auc=float(history["roc_auc"][0]),
        val_loss=log_loss(labels, predictions),
        val_accuracy=confusion(labels, predictions >= ACCURACY_THRESHOLD).accuracy,
        val_roc_auc=roc_auc(labels, predictions),
    )


def fit(
    model: Any,
    parameters: Transfer | SmallCNN,
    train: Examples,
    val: Examples,
    settings: TrainSettings,
    *,
    state: State | None = None,
    save: Callable[[State], None] = lambda state: None,
    callback: TrainingCallback | None = None,
) -> tuple[Curve, NDArray[np.float64]]:
    """Train a model through its phases and leave it with the weights of the chosen epoch.

    Each phase begins with the best weights so far. Called again with the state it saved after any
    epoch, it goes on behind that one and ends with the same bytes.

    Args:
        model: A member's Keras model, built in the scope of the `distribution` over the runtime's devices.
        parameters: Its phases, optimizer and step.
        train: What it learns from.
        val: What chooses the epoch.
        settings: What all trainings share; the seed is that of the order of the images in each epoch, of
            what is drawn anew, and of dropout.
        state: What an earlier, killed call saved last; None trains from the first epoch.
        save: Called after each epoch with all that the next one depends on.
        callback: Who is told of each phase, step and epoch.

    Returns:
        All epochs and the chosen one; and what its weights say of val, shape (images,).

    Raises:
        TrainingError: The loss is no longer finite, or the memory does not suffice.
    """
    callback, training = callback or TrainingCallback(), settings.training
    curve, best, kept = Curve(training.monitor), model.get_weights(), np.empty(0)
    if state:
        curve, best, kept = restore_curve(curve, state), state.best, state.predictions
    for place, phase in enumerate(phases(parameters)):
        trained = [epoch for epoch in curve.epochs if epoch.phase == phase.name]
        followed = bool(trained) and curve.epochs[-1].phase != phase.name
        if followed or _over(trained, phase, curve, training):
            continue
        model.set_weights(state.weights if state and trained else best)
        trainer = PhaseTrainer(model, parameters, phase, train, val, settings, callback)
        if state and trained:
            trainer.restore(state.optimizer)
        callback.on_phase(place, len(trained))
        while not _over(trained, phase, curve, training):
            row, predictions = trainer.epoch(len(curve.epochs) + 1)
            chosen = curve.add(row)
            trained.append(row)
            weights = model.get_weights()
            if chosen:
                best, kept = weights, predictions
            save(State(curve.epochs, weights, trainer.optimizer_state(), best, kept))
            callback.on_epoch(row, chosen)
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
