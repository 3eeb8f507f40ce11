"""Batch normalization of backbones: TensorFlow's fused kernel, or on several devices statistics of the whole batch."""

from functools import cache
from typing import Any


def replace_batch_norm(model: Any) -> Any:
    """Return a model with the batch normalization for the current number of devices; names and weights stay alike.

    On one device, layers of images with the channels last use TensorFlow's fused kernel, see `fused_batch_norm`. On
    several devices, Keras's layers are synchronized: the kernel has the statistics of one device only.

    Args:
        model: A functional Keras model with a named input, built in the scope of a `device_strategy`.

    Returns:
        The same model if it has no layer to replace; else a model of new layers, from a new input, with new initial
        weights.
    """
    import keras
    import tensorflow as tf

    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        synchronize_batch_norm(model)
        return model
    if not any(map(_can_be_fused, model.layers)):
        return model

    def clone(layer: Any) -> Any:
        kind = fused_batch_norm() if _can_be_fused(layer) else type(layer)
        return kind.from_config(layer.get_config())

    # From a new input: the old one would keep the old layers and their weights in memory.
    return keras.models.clone_model(model, clone_function=clone)


def synchronize_batch_norm(model: Any) -> None:
    """Make batch normalization use the statistics of the whole batch, of which each device has only a part.

    Args:
        model: A Keras model, built in the scope of a `device_strategy`.
    """
    import keras
    import tensorflow as tf

    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True


def _can_be_fused(layer: Any) -> bool:
    """Return whether a layer is Keras's batch normalization of images, with the channels last."""
    import keras

    # No subclass: it may compute something else.
    is_of_keras = type(layer) is keras.layers.BatchNormalization
    return is_of_keras and not layer.renorm and layer.input_spec.ndim == 4 and layer.axis in (-1, 3)


@cache
def fused_batch_norm() -> Any:
    """Return the class of Keras's batch normalization that computes with TensorFlow's fused kernel.

    It is for inputs of shape (batch, height, width, channels). Output, gradients and moving statistics are those of
    Keras's layer, up to rounding. Its name is that of Keras's class, since files of weights contain it.
    """
    import keras
    import tensorflow as tf

    class BatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            if not training:
                return self._fused(inputs, self.moving_mean, self.moving_variance, is_training=False).y
            if self.trainable and mask is None:
                return self._normalize_by_batch(inputs)
            # Frozen: on a GPU, the kernel has no deterministic gradient for given statistics; it is not faster either.
            return super().call(inputs, training, mask)

        def _normalize_by_batch(self, inputs: Any) -> Any:
            none = tf.zeros([0])
            result = self._fused(inputs, none, none, is_training=True)
            count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), tf.float32)
            # The kernel divides the sum of squares by count - 1, Keras by count.
            variance = result.batch_variance * ((count - 1) / count)
            for moving, value in ((self.moving_mean, result.batch_mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + value * (1 - self.momentum))
            return result.y

        def _fused(self, inputs: Any, mean: Any, variance: Any, *, is_training: bool) -> Any:
            return tf.raw_ops.FusedBatchNormV3(
                x=inputs,
                scale=tf.ones_like(self.moving_mean) if self.gamma is None else self.gamma,
                offset=tf.zeros_like(self.moving_mean) if self.beta is None else self.beta,
                mean=mean,
                variance=variance,
                epsilon=self.epsilon,
                exponential_avg_factor=1.0,
                is_training=is_training,
            )

    return BatchNormalization
