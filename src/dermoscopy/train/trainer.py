"""Trainer of one phase: the model and its input, the optimizer, and one epoch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import epoch_metrics
from dermoscopy.networks.build import backbone_layers, unfreeze
from dermoscopy.networks.data import Examples, batches, memory_guard, outputs
from dermoscopy.networks.devices import device_strategy
from dermoscopy.networks.layers import derive
from dermoscopy.networks.optimizers import learning_rate, make_optimizer
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.target import Target
from dermoscopy.networks.weight_average import WeightAverage
from dermoscopy.train.augmentation import sample_augmentations
from dermoscopy.train.center_loss import CenterLoss, with_features
from dermoscopy.train.features import CachePlan, cache_features, plan_cache, split_frozen
from dermoscopy.train.history import Epoch, make_epoch
from dermoscopy.train.losses import make_loss
from dermoscopy.train.mixing import sample_mixing
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.order import epoch_length, epoch_order
from dermoscopy.train.phases import Phase, require_finite
from dermoscopy.train.predictions import EpochPredictions
from dermoscopy.train.settings import TrainSettings
from dermoscopy.train.weights import GroupWeights, example_weights

State = list[NDArray[Any]]


class PhaseTrainer:
    """Trainer of one phase: freezes layers, caches their features and compiles the model with a new optimizer.

    Args:
        model: Keras model of the member, with the weights from which the phase starts or is resumed.
        parameters: Parameters of the member.
        phase: Phase to train.
        train: Images and labels of train.
        val: Images and labels of val, for the evaluation after each epoch.
        settings: Settings of the training; all random numbers are derived from its seed.
        target: Classes that the model predicts.
        folder: Folder of cached features that do not fit in memory.
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
        target: Target,
        folder: Path,
        callback: TrainingCallback,
    ) -> None:
        import keras

        self.parameters, self.phase, self.seed, self.target = parameters, phase, settings.seed, target
        self.training, self.runtime = settings.training, settings.runtime
        self.train, self.val, self.callback = train, val, callback
        self.predictions = EpochPredictions(target)
        self.truth = target.truth(train.labels, train.diagnoses)
        classes = train.labels if target.is_binary else self.truth.argmax(axis=1)
        self.weights = example_weights(train.labels, self.training.balance, train.sources, classes)
        # First equal, also in the second phase, which trains other layers.
        self.groups: GroupWeights | None = None
        if self.training.balance == "group_dro" and train.sources is not None:
            self.groups = GroupWeights(train.labels, train.sources)
        if isinstance(parameters, Transfer) and phase.unfrozen is not None:
            unfreeze(backbone_layers(model, parameters), phase.unfrozen, frozen_batch_norm=parameters.frozen_batch_norm)
        short_model, self.inputs, self.val_inputs, self.plan = self._model_and_inputs(model, folder)
        self.steps = -(-epoch_length(train.labels, self.training.balance) // self.training.batch_size)
        self.center: CenterLoss | None = None
        self.average: WeightAverage | None = None
        with self._scope():
            self.model = self._compiled(short_model)
        # Outside of the scope, so that validation runs on a single device and keeps the order of images.
        self.eval_model = (
            short_model if self.runtime.devices == 1 else keras.Model(short_model.inputs, short_model.outputs)
        )

    def _model_and_inputs(
        self, model: Any, folder: Path
    ) -> tuple[Any, list[NDArray[Any]], list[NDArray[Any]], CachePlan]:
        """Return the model to train, and its inputs for train and val: cached features if that pays."""
        images, val_images = self.train.images, self.val.images
        partial, batch_size = split_frozen(model), self.training.batch_size
        sizes = len(images), len(val_images)
        plan = plan_cache(partial, *sizes, self.phase.epochs, self.training, self.runtime, folder)
        self.callback.on_cache_plan(plan.text)
        if partial is None or not plan.views:
            return model, [images], [val_images], plan
        passes = len(images) * len(plan.views) + len(val_images)
        with memory_guard(batch_size), self.callback.on_caching(passes) as on_batch:
            common: dict[str, Any] = {"eager": self.runtime.eager, "on_batch": on_batch}
            common["folder"] = folder if plan.on_disk else None
            features = cache_features(partial, images, batch_size, views=plan.views, **common)
            return partial.trained, features, cache_features(partial, val_images, batch_size, **common), plan

    def _compiled(self, short_model: Any) -> Any:
        """Return the model whose output the loss needs, compiled."""
        training, model = self.training, short_model
        if training.center_loss:
            model, features = with_features(short_model)
            self.center = CenterLoss(training.center_loss, self.steps, max(len(self.target.classes), 2), features)
        rate = learning_rate(
            self.phase.learning_rate,
            training.schedule,
            training.warmup_epochs * self.steps,
            self.phase.epochs * self.steps,
        )
        clipping = self.parameters.clip, self.parameters.clip_by
        optimizer = make_optimizer(
            self.parameters.optimizer, rate, *clipping, training.weight_decay, training.weight_average
        )
        # Before Keras wraps the optimizer for float16, which would hide some variables from `optimizer_state`.
        optimizer.build(model.trainable_variables)
        if training.weight_average is not None:
            self.average = WeightAverage(model, optimizer)
        model.compile(
            optimizer=optimizer,
            loss=make_loss(training, self.target, self.center),
            metrics=[self.predictions.record],
            run_eagerly=self.runtime.eager,
            jit_compile=False,  # XLA makes a step slower on a CPU
        )
        return model

    def _order(self, epoch: int) -> NDArray[np.int64]:
        order = epoch_order(self.train.labels, self.training.balance, seed=self.seed, epoch=epoch)
        # Every device needs an equal part of every batch, including the last one.
        return order[: len(order) - len(order) % self.runtime.devices]

    def _batches(self, epoch: int) -> Any:
        """Return the batches of an epoch, in its order, augmented and mixed."""
        training, order = self.training, self._order(epoch)
        weights = self.groups.of_images() if self.groups else self.weights
        truth, weights = self.truth[order], None if weights is None else weights[order]
        augmentations = None
        if training.augment.changes:
            seed = derive(self.seed, "augment")
            augmentations = sample_augmentations(training.augment, len(order), seed=seed, epoch=epoch)
        rows = order
        changes = []
        if len(self.plan.views) > 1 and augmentations:
            rows = order * len(self.plan.views) + np.searchsorted(self.plan.views, augmentations.views)
        elif augmentations:
            changes.append(augmentations.apply)
        if training.mix != "none":
            mixing = sample_mixing(
                *(training.mix, training.mix_alpha, len(order), training.batch_size, self.parameters.image_size),
                seed=derive(self.seed, "mix"),
                epoch=epoch,
            )
            truth, weights = mixing.truth_and_weights(truth, weights)
            changes.append(mixing.apply)

        def augment(images: NDArray[np.uint8], positions: NDArray[np.int64]) -> NDArray[np.uint8]:
            for change in changes:
                images = change(images, positions)
            return images

        change = augment if changes else None
        return batches(self.inputs, training.batch_size, truth=truth, weights=weights, order=rows, augment=change)

    def optimizer_state(self) -> State:
        """Return what the next epoch depends on beside the weights of the model.

        The variables of the optimizer and of the center loss, the weights of the training if the model has their
        averages, and the weights of group DRO.
        """
        variables = [variable.numpy() for variable in self._state_variables()]
        trained = self.average.trained if self.average else []
        return [*variables, *trained, *([self.groups.logarithms] if self.groups else [])]

    def restore(self, state: Sequence[NDArray[Any]]) -> None:
        """Continue from what `optimizer_state` returned."""
        values = list(state)
        if self.groups:
            self.groups.logarithms = values.pop()
        with self._scope():
            self.model.optimizer.build(self.model.trainable_variables)
            variables = self._state_variables()
            if self.average:
                self.average.trained = values[len(variables) :]
            for variable, value in zip(variables, values, strict=False):
                variable.assign(value)

    def _state_variables(self) -> list[Any]:
        return [*self.model.optimizer.variables, *(self.center.variables if self.center else [])]

    def epoch(self, epoch: int) -> tuple[Epoch, NDArray[np.float64]]:
        """Train an epoch and evaluate it on val.

        With averaged weights, the model has the averages after the epoch, with which val is predicted.

        Args:
            epoch: Number of the epoch, from 1, counted over all phases; all random numbers depend on it.

        Returns:
            Metrics of the epoch, and the predicted probabilities of the val images, shape (images,).
        """
        import keras

        data = self._batches(epoch)
        if self.average:
            with self._scope():
                self.average.use_trained()
        _seed_dropout(self.model, self.seed, epoch)
        report_step = keras.callbacks.LambdaCallback(
            on_batch_end=lambda batch, logs: self.callback.on_step(batch + 1, logs["loss"])
        )
        callbacks = [keras.callbacks.TerminateOnNaN(), report_step]
        with memory_guard(self.training.batch_size):
            history = self.model.fit(data, shuffle=False, verbose=0, callbacks=callbacks).history
            require_finite(history["loss"][0], "loss", epoch, self.parameters, self.phase)
            recorded = self.predictions.take()
            if self.average:
                with self._scope():
                    self.average.use_averages()
            predicted = self._predict(self.val_inputs)
        # The loss does not include the weights after the last step.
        require_finite(float(predicted.sum()), "sum of validation probabilities", epoch, self.parameters, self.phase)
        if self.groups:
            with memory_guard(self.training.batch_size):
                # Not a slice of the arrays, of which numpy would copy all rows for each batch.
                first_views = np.arange(len(self.truth)) * max(len(self.plan.views), 1)
                self.groups.update(self._predict(self.inputs, first_views), self.training.group_step)
        val = epoch_metrics(self.val.labels.astype(np.int64), predicted)
        return make_epoch(epoch, self.phase.name, epoch_metrics(*recorded), val), predicted

    def _scope(self) -> Any:
        return device_strategy(self.runtime.devices).scope()

    def _predict(self, inputs: list[NDArray[Any]], order: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        predicted = outputs(self.eval_model, inputs, self.training.batch_size, eager=self.runtime.eager, order=order)
        return self.target.probability(predicted)


def _seed_dropout(model: Any, seed: int, epoch: int) -> None:
    """Seed dropout by the epoch, so that it does not depend on earlier epochs."""
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([derive(seed, layer.name, epoch), 0])
