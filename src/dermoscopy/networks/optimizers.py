"""Optimizers by name.

The learning rate, step by step.
"""

from typing import Any

from dermoscopy.networks.params import ClipBy, Optimizer, Schedule

ARGUMENTS: dict[ClipBy, str] = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}


def make_optimizer(name: Optimizer, learning_rate: Any, clip: float | None = None, clip_by: ClipBy = "value") -> Any:
    """Return a new Keras optimizer; call it in the scope of the `distribution` it serves.

    Args:
        name: Which.
        learning_rate: Its step: a number, or a schedule, see `learning_rate`.
        clip: Largest gradient; None does not clip.
        clip_by: What is not to be larger: "value", each component; "norm", the norm of each variable's
            gradient; "global_norm", the norm of all of them together (Pascanu, Mikolov and Bengio 2013).
    """
    import keras
    import tensorflow as tf

    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if clip is None or replicas == 1:
        config = {"learning_rate": learning_rate, ARGUMENTS[clip_by]: clip}
        return keras.optimizers.get({"class_name": name, "config": config})
    kind = _averaging(type(keras.optimizers.get(name)))
    return kind(learning_rate=learning_rate, **{ARGUMENTS[clip_by]: clip / replicas})


def _averaging(kind: Any) -> Any:
    """Return a kind of optimizer that clips what all devices found together.

    Keras clips each device's gradient, then takes the sum. Here each clips the devices' average at its share
    of the limit, so that the sum is the clipped gradient of the whole batch.
    """
    import tensorflow as tf

    class Averaging(kind):  # type: ignore[misc]
        def apply(self, grads: Any, trainable_variables: Any = None) -> None:
            together = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, list(grads))
            super().apply(together, trainable_variables)

    Averaging.__name__ = kind.__name__
    return Averaging


def learning_rate(rate: float, schedule: Schedule, warmup_steps: int, steps: int) -> Any:
    """Return a phase's learning rate, for `make_optimizer`.

    Cosine: Loshchilov and Hutter 2017, "SGDR", without its restarts. Warm-up: Goyal et al. 2017, "Accurate,
    Large Minibatch SGD", section 2.2.

    Args:
        rate: The largest; the only one of a constant schedule without warm-up.
        schedule: "constant", or "cosine", which has fallen to 0 after the last step.
        warmup_steps: In which it first rises from 0 along a straight line.
        steps: Of the phase, those of the warm-up among them.

    Returns:
        The number itself where it never changes, else a Keras schedule.
    """
    if schedule == "constant" and warmup_steps == 0:
        return rate
    import keras

    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup_steps else rate,
        # A warm-up may be longer than its phase.
        decay_steps=max(steps - warmup_steps, 1),
        alpha=1.0 if schedule == "constant" else 0.0,
        warmup_target=rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
