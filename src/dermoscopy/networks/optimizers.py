"""Optimizers by name, with gradient clipping, and learning rate schedules."""

from typing import Any

from dermoscopy.networks.params import ClipBy, Optimizer, Schedule
from dermoscopy.networks.weight_average import without_overwriting

NOT_DECAYED = ["bias", "gamma", "beta"]  # parts of the names of variables that are no kernels
ARGUMENTS: dict[ClipBy, str] = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}


def make_optimizer(
    name: Optimizer,
    learning_rate: Any,
    clip: float | None = None,
    clip_by: ClipBy = "value",
    weight_decay: float = 0.0,
    weight_average: float | None = None,
) -> Any:
    """Return a new Keras optimizer; call this in the scope of the `device_strategy` of the model.

    Args:
        name: Name of the optimizer.
        learning_rate: Learning rate: a number, or a schedule, see `learning_rate`.
        clip: Largest size of gradients; None does not clip.
        clip_by: Size that is limited: "value", each component; "norm", the norm of each variable's
            gradient; "global_norm", the norm of all gradients together (Pascanu, Mikolov and Bengio 2013).
        weight_decay: Fraction of the kernels that AdamW subtracts in each step, times the learning rate; no other
            optimizer does.
        weight_average: Momentum of the moving averages of the weights that the optimizer keeps; None keeps none.
    """
    import keras
    import tensorflow as tf

    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    kind = type(keras.optimizers.get(name))
    limit = clip
    if clip is not None and replicas > 1:
        kind, limit = _averaging(kind), clip / replicas
    config = {"learning_rate": learning_rate, ARGUMENTS[clip_by]: limit}
    if weight_average is not None:
        kind = without_overwriting(kind)
        config |= {"use_ema": True, "ema_momentum": weight_average}
    if name != "adamw":
        return kind(**config)
    optimizer = kind(**config, weight_decay=weight_decay)
    optimizer.exclude_from_weight_decay(var_names=NOT_DECAYED)
    return optimizer


def _averaging(kind: Any) -> Any:
    """Return a subclass of an optimizer that clips the gradient of the whole batch on several devices.

    Keras clips the gradient of each device and then adds them. Here each device clips the mean gradient of all
    devices at the limit divided by the number of devices, so that the sum is the clipped gradient of the batch.
    """
    import tensorflow as tf

    class Averaging(kind):  # type: ignore[misc]
        def apply(self, grads: Any, trainable_variables: Any = None) -> None:
            mean = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, list(grads))
            super().apply(mean, trainable_variables)

    Averaging.__name__ = kind.__name__
    return Averaging


def learning_rate(rate: float, schedule: Schedule, warmup_steps: int, steps: int) -> Any:
    """Return the learning rate of a phase, for `make_optimizer`.

    Cosine: Loshchilov and Hutter 2017, "SGDR", without its restarts. Warm-up: Goyal et al. 2017, "Accurate,
    Large Minibatch SGD", section 2.2.

    Args:
        rate: Largest learning rate.
        schedule: "constant", or "cosine", which falls to 0 after the last step.
        warmup_steps: Number of first steps in which the learning rate rises linearly. The first step has one
            warmup_steps-th of the rate, since a step with rate 0 would train nothing.
        steps: Number of steps of the phase, including the warm-up.

    Returns:
        The number itself if it never changes, else a Keras schedule.
    """
    if schedule == "constant" and warmup_steps == 0:
        return rate
    import keras

    return keras.optimizers.schedules.CosineDecay(
        rate / warmup_steps if warmup_steps else rate,
        # A warm-up may be longer than the phase.
        decay_steps=max(steps - warmup_steps, 1),
        alpha=1.0 if schedule == "constant" else 0.0,
        warmup_target=rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
