"""Center loss: draw the features of a network to the centre of their class (Wen et al. 2016).

Wen, Zhang, Li and Qiao, A Discriminative Feature Learning Approach for Deep Face Recognition, ECCV 2016. Three things
differ, so that the loss stays finite: features have length 1, so that a distance is at most 2; a centre is a moving
average of the means of its class, which cannot leave the features; and the weight of the loss rises from 0, while the
first centres are of features that mean nothing yet.
"""

from typing import Any

CENTRE_MOMENTUM = 0.95  # of the moving average, per step


class CenterLoss:
    """Distance of features to the moving centre of their class; make it in the scope of the model's devices.

    Args:
        weight: Weight of the loss after the warm-up.
        warmup_steps: Number of steps in which the weight rises from 0.
        classes: Number of classes; the binary target has two.
        features: Number of features.

    Attributes:
        variables: Centres, whether each class has occurred, and the number of steps, as Keras variables: the state.
    """

    def __init__(self, weight: float, warmup_steps: int, classes: int, features: int) -> None:
        import keras

        self.weight, self.warmup_steps = weight, warmup_steps

        def variable(shape: tuple[int, ...], name: str) -> Any:
            return keras.Variable(keras.ops.zeros(shape), trainable=False, name=name, aggregation="mean")

        self.variables = [
            variable((classes, features), "centres"),
            variable((classes, 1), "seen"),
            variable((), "steps"),
        ]

    def __call__(self, truth: Any, features: Any) -> Any:
        """Move the centres, and return the loss of each image.

        Args:
            truth: Tensor of shape (batch, classes), 1 for the class of an image; proportions if images are mixed.
            features: Tensor of features before the output, float32, shape (batch, features).

        Returns:
            Weighted squared distance of each image to its centre, shape (batch,).
        """
        import keras

        ops = keras.ops
        centres, seen, steps = self.variables
        unit = ops.normalize(features, axis=-1, epsilon=1e-6)
        counts = ops.sum(truth, axis=0)[:, None]
        means = ops.matmul(ops.transpose(truth), ops.stop_gradient(unit)) / ops.maximum(counts, 1e-6)
        occurs = ops.cast(counts > 0, "float32")
        # The first centre of a class is its first mean.
        momentum = 1 - occurs * (1 - CENTRE_MOMENTUM * seen)
        centres.assign(momentum * centres + (1 - momentum) * means)
        seen.assign(ops.maximum(seen, occurs))
        steps.assign(steps + 1)
        distances = ops.sum(ops.square(unit[:, None, :] - ops.stop_gradient(centres.value)[None]), axis=-1)
        ramp = ops.minimum(steps / self.warmup_steps, 1.0)
        return self.weight * ramp * ops.sum(truth * distances, axis=-1)


def with_features(model: Any) -> tuple[Any, int]:
    """Return a model whose output is also what its output layer sees, before dropout.

    Args:
        model: Keras model with an output of shape (batch, classes).

    Returns:
        A model with the same layers whose output has shape (batch, classes + features), and the number of features.
    """
    import keras

    tensor = _input_of(model.outputs[0])
    while isinstance(tensor._keras_history.operation, keras.layers.Dropout):
        tensor = _input_of(tensor)
    both = [model.outputs[0], keras.ops.cast(tensor, "float32")]
    return keras.Model(model.inputs, keras.ops.concatenate(both, axis=-1)), int(tensor.shape[-1])


def _input_of(tensor: Any) -> Any:
    operation, node, _ = tensor._keras_history
    return operation._inbound_nodes[node].input_tensors[0]
