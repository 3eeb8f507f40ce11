"""Optimizers by name."""

from typing import Any

from dermoscopy.params.models import ClipBy
from dermoscopy.params.optimizers import Optimizer

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
