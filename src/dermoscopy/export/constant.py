"""A member as a TensorFlow function of constants in float32, from which the converters to ONNX and LiteRT start."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.networks.saved import SavedMember

INPUT, OUTPUT = "images", "probabilities"  # names in the exported files
# From a batch of images, shape (batch, image_size, image_size, 3), to probabilities, shape (batch, classes).
Network = Callable[[NDArray[np.uint8]], NDArray[np.floating]]


def constant_function(member: SavedMember) -> Any:
    """Return the network in inference mode as a TensorFlow function without variables.

    It computes in float32, whatever the precision of the training. Its names do not depend on what else was built in
    the process, so that the exported files repeat.

    Args:
        member: Trained member.

    Returns:
        A tf.function from `images`, shape (batch, image_size, image_size, 3), float32, RGB from 0 to 255, to a mapping
        with `probabilities`, shape (batch, classes), float32.
    """
    import tensorflow as tf

    model = float32_copy(member.model)
    trainable = [variable.numpy() for variable in model.trainable_variables]
    others = [variable.numpy() for variable in model.non_trainable_variables]
    size = member.parameters.image_size
    signature = [tf.TensorSpec((None, size, size, 3), tf.float32, name=INPUT)]

    def predict(images: Any) -> Any:
        # Constants of the function, since the converter to LiteRT cannot fold Keras's variables.
        constants = [[tf.constant(values) for values in kind] for kind in (trainable, others)]
        probabilities, _ = model.stateless_call(*constants, images, training=False)
        return {OUTPUT: tf.identity(probabilities, name=OUTPUT)}

    return tf.function(predict, input_signature=signature, autograph=False)


def float32_copy(model: Any) -> Any:
    """Return a copy of a functional Keras model that computes in float32, with layers named by their position."""
    import keras

    names = {layer.name: f"layer_{number}" for number, layer in enumerate(model.layers)}

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name in names:  # not an operation, which has no precision of its own
            config |= {"dtype": "float32", "name": names[layer.name]}
        return type(layer).from_config(config)

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    return copy
