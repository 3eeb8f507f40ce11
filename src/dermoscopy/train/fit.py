"""Train a model through its phases, on images or on cached features of the frozen layers, and keep the best epoch."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import epoch_metrics
from dermoscopy.networks.build import backbone_layers, unfreeze
from dermoscopy.networks.data import Examples, batches, memory_guard, probabilities
from dermoscopy.networks.devices import device_strategy
from dermoscopy.networks.layers import derive
from dermoscopy.networks.optimizers import learning_rate, make_optimizer
from dermoscopy.networks.params import SmallCNN, Training, Transfer
from dermoscopy.train.checkpoints import State, restore_curve
from dermoscopy.train.features import cache_features, feature_gigabytes, split_frozen
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.losses import make_loss
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.phases import Phase, phases, require_finite
from dermoscopy.train.predictions import EpochPredictions
from dermoscopy.train.augmentation import sample_augmentations
from dermoscopy.train.sampling import epoch_length, epoch_order
from dermoscopy.train.settings import TrainSettings
from dermoscopy.train.weights import GroupWeights, example_weights


class PhaseTrainer:
    """Trainer of one phase: freezes layers, caches their features and compiles the model with a new optimizer.

    Args:
        model: Keras model of the member, with the weights from which the phase starts or is resumed.
        parameters: Parameters of the member.
        phase: Phase to train.
        train: Images and labels of train.
        val: Images and labels of val, for the evaluation after each epoch.
        settings: Settings of the training; all random numbers are derived from its seed.
        callback: Callback that is called after each step.
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
        self.predictions = EpochPredictions()
        self.weights = example_weights(train.labels, self.training.balance, train.sources)
        # First equal, also in the second phase, which trains other layers.
        self.groups: GroupWeights | None = None
        if self.training.balance == "group_dro" and train.sources is not None:
            self.groups = GroupWeights(train.labels, train.sources)
        if isinstance(parameters, Transfer) and phase.unfrozen is not None:
            unfreeze(backbone_layers(model, parameters), phase.unfrozen, frozen_batch_norm=parameters.frozen_batch_norm)
        self.model, self.inputs, self.val_inputs = self._model_and_inputs(model)
        with device_strategy(self.runtime.devices).scope():
            self._compile()
        # Outside of the scope, so that validation runs on a single device and keeps the order of images.
        self.eval_model = (
            self.model if self.runtime.devices == 1 else keras.Model(self.model.inputs, self.model.outputs)
        )

    def _model_and_inputs(self, model: Any) -> tuple[Any, list[NDArray[Any]], list[NDArray[Any]]]:
        """Return the model to train, and its inputs for train and val: cached features if they fit in memory."""
        splits = [self.train.images, self.val.images]
        partial = None if self.training.augment.changes else split_frozen(model)
        images = sum(len(split) for split in splits)
        if partial is None or feature_gigabytes(partial, images) > self.runtime.memory:
            return model, [splits[0]], [splits[1]]
        with memory_guard(self.training.batch_size), self.callback.on_caching(images) as on_batch:
            features = [
                cache_features(partial, split, self.training.batch_size, eager=self.runtime.eager, on_batch=on_batch)
                for split in splits
            ]
        return partial.trained, features[0], features[1]

    def _compile(self) -> None:
        length = epoch_length(self.train.labels, self.training.balance)
        steps = -(-length // self.training.batch_size)
        rate = learning_rate(
            self.phase.learning_rate,
            self.training.schedule,
            self.training.warmup_epochs * steps,
            self.phase.epochs * steps,
        )
        optimizer = make_optimizer(
            self.parameters.optimizer, rate, self.parameters.clip, self.parameters.clip_by, self.training.weight_decay
        )
        # Before Keras wraps the optimizer for float16, which would hide some variables from `optimizer_state`.
        optimizer.build(self.model.trainable_variables)
        self.model.compile(
            optimizer=optimizer,
            loss=make_loss(self.training),
            metrics=[self.predictions.record],
            run_eagerly=self.runtime.eager,
            jit_compile=False,  # XLA makes a step slower on a CPU
        )

    def _order(self, epoch: int) -> NDArray[np.int64]:
        order = epoch_order(self.train.labels, self.training.balance, seed=self.seed, epoch=epoch)
        # Every device needs an equal part of every batch, including the last one.
        return order[: len(order) - len(order) % self.runtime.devices]

    def optimizer_state(self) -> list[NDArray[Any]]:
        """Return the variables of the optimizer; with group DRO, also the weights of groups."""
        variables = [variable.numpy() for variable in self.model.optimizer.variables]
        return [*variables, self.groups.logarithms] if self.groups else variables

    def restore(self, optimizer: Sequence[NDArray[Any]]) -> None:
        """Continue from what `optimizer_state` returned."""
        if self.groups:
            *optimizer, self.groups.logarithms = optimizer
        with device_strategy(self.runtime.devices).scope():
            self.model.optimizer.build(self.model.trainable_variables)
            for variable, value in zip(self.model.optimizer.variables, optimizer, strict=True):
                variable.assign(value)

    def epoch(self, epoch: int) -> tuple[Epoch, NDArray[np.float64]]:
        """Train an epoch and evaluate it on val.

        Args:
            epoch: Number of the epoch, from 1, counted over all phases; all random numbers depend on it.

        Returns:
            Metrics of the epoch, and the predicted probabilities of the val images, shape (images,).
        """
        import keras

        order = self._order(epoch)
        augment = None
        if self.training.augment.changes:
            seed = derive(self.seed, "augment")
            augment = sample_augmentations(self.training.augment, len(order), seed=seed, epoch=epoch).apply
        data = batches(
            self.inputs,
            self.training.batch_size,
            labels=self.train.labels,
            weights=self.groups.of_images() if self.groups else self.weights,
            order=order,
            augment=augment,
        )
        _seed_dropout(self.model, self.seed, epoch)
        report_step = keras.callbacks.LambdaCallback(
            on_batch_end=lambda batch, logs: self.callback.on_step(batch + 1, logs["loss"])
        )
        callbacks = [keras.callbacks.TerminateOnNaN(), report_step]
        with memory_guard(self.training.batch_size):
            history = self.model.fit(data, shuffle=False, verbose=0, callbacks=callbacks).history
            require_finite(history["loss"][0], "loss", epoch, self.parameters, self.phase)
            recorded = self.predictions.take()
            predicted = self._predict(self.val_inputs)
        # The loss does not include the weights after the last step.
        require_finite(float(predicted.sum()), "sum of validation probabilities", epoch, self.parameters, self.phase)
        if self.groups:
            with memory_guard(self.training.batch_size):
                self.groups.update(self._predict(self.inputs), self.training.group_step)
        val = epoch_metrics(self.val.labels.astype(np.int64), predicted)
        return _row(epoch, self.phase, epoch_metrics(*recorded), val), predicted

    def _predict(self, inputs: list[NDArray[Any]]) -> NDArray[np.float64]:
        return probabilities(self.eval_model, inputs, self.training.batch_size, eager=self.runtime.eager)


def _seed_dropout(model: Any, seed: int, epoch: int) -> None:
    """Seed dropout by the epoch, so that it does not depend on earlier epochs."""
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([derive(seed, layer.name, epoch), 0])


def _row(epoch: int, phase: Phase, train: dict[str, float], val: dict[str, float]) -> Epoch:
    columns = {
        f"{split}_{name}": value for split, row in (("train", train), ("val", val)) for name, value in row.items()
    }
    return Epoch(epoch, phase.name, **columns)


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
    """Train a model through its phases and set its weights to those of the chosen epoch.

    Each phase starts with the best weights so far. A call that resumes from the state after any epoch returns
    the same bytes as an uninterrupted one.

    Args:
        model: Keras model of the member, built in the scope of the `device_strategy` of the runtime's devices.
        parameters: Parameters of the member.
        train: Images and labels of train.
        val: Images and labels of val, on which the epoch is chosen.
        settings: Settings of the training; order, augmentation and dropout are derived from its seed.
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
        trainer = PhaseTrainer(model, parameters, phase, train, val, settings, callback)
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
