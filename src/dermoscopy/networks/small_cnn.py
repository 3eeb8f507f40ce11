"""The paper's two networks from the ground up, and all others of its search space."""

from typing import Any

from dermoscopy.errors import ParameterError
from dermoscopy.networks.head import head
from dermoscopy.networks.normalization import normalize
from dermoscopy.networks.seeds import derive
from dermoscopy.params.models import SmallCNN


def feature_side(parameters: SmallCNN) -> int:
    """Return the side of the last feature map, in pixels; 0 where the photograph is too small for the network."""
    side = parameters.image_size
    for _ in range(parameters.conv_layers):
        if parameters.padding == "valid":
            side -= parameters.kernel_size - 1
        side = max(side, 0) // parameters.pool_size
    return side


def build_small_cnn(member: str, parameters: SmallCNN, seed: int) -> Any:
    """Build a network of convolutions with pooling, dense layers and an output.

    Args:
        member: The model's name.
        parameters: Its layers.
        seed: Of its weights and dropout.

    Returns:
        A Keras model: photographs of shape (batch, image_size, image_size, 3), 0 to 255, to the
        probability that the lesion is malignant, shape (batch, 1).

    Raises:
        ParameterError: Nothing of the photograph is left after the last pooling.
    """
    import keras

    if feature_side(parameters) == 0:
        layers = (
            f"{parameters.conv_layers} convolutions of {parameters.kernel_size} with pooling {parameters.pool_size}"
        )
        raise ParameterError(
            "params.yaml has 1 problem",
            [f"models.{member}.image_size: {layers} leave nothing of {parameters.image_size} pixels"],
            "Give it larger photographs, fewer convolutions, smaller pooling, or padding same.",
        )
    pool = keras.layers.MaxPooling2D if parameters.pooling == "max" else keras.layers.AveragePooling2D
    inputs = keras.Input((parameters.image_size, parameters.image_size, 3), name="photograph")
    x = normalize(inputs, "unit")
    for place in range(1, parameters.conv_layers + 1):
        x = keras.layers.Conv2D(
            parameters.filters,
            parameters.kernel_size,
            padding=parameters.padding,
            activation="relu",
            kernel_initializer=keras.initializers.get(
                {"class_name": parameters.initializer, "config": {"seed": derive(seed, "conv", place)}}
            ),
            name=f"conv_{place}",
        )(x)
        x = pool(parameters.pool_size, name=f"pool_{place}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    outputs = head(
        x,
        [parameters.units] * parameters.dense_layers,
        dropout=parameters.dropout,
        l2=parameters.l2,
        initializer=parameters.initializer,
        seed=seed,
    )
    return keras.Model(inputs, outputs, name=member)
