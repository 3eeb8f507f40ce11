"""Build a member's network from its parameters, and set which layers of its backbone train.

A member is a backbone of keras.applications with a new head, or a small CNN: the paper's CNN A and CNN B,
and every other network of its search space.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from dermoscopy.core.errors import ParameterError, WeightsError
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.batch_norm import replace_batch_norm
from dermoscopy.networks.layers import derive, head, normalize
from dermoscopy.networks.params import SmallCNN, Transfer, UnfrozenLayers
from dermoscopy.networks.target import BINARY, Target
from dermoscopy.networks.weights_file import load_weights

NO_WEIGHTS = "none"


def build_transfer(member: str, parameters: Transfer, seed: int, weights: Path | None = None, classes: int = 1) -> Any:
    """Build a backbone with global average pooling, dense layers with dropout, and an output.

    The model is flat: the layers of backbone and head are in one model, so that any activation can be read.

    Args:
        member: Name of the model.
        parameters: Parameters of the member.
        seed: Seed of the initial weights and of dropout.
        weights: Folder of starting weights, with a file `<name>.h5` for each; None keeps the initial weights,
            for a model whose trained weights are loaded afterwards.
        classes: Number of classes, see `networks.target`.

    Returns:
        A Keras model from images of shape (batch, image_size, image_size, 3), 0 to 255, to the probabilities of the
        classes, shape (batch, classes).

    Raises:
        WeightsError: The starting weights are missing or do not fit the backbone.
    """
    import keras

    row = BACKBONES[parameters.backbone]
    inputs = keras.Input((parameters.image_size, parameters.image_size, 3), name="image")
    normalization = row.normalization if parameters.normalization == "backbone" else parameters.normalization
    # A backbone that normalizes inside may have its own layer of the name normalization.
    name = "pixels" if row.normalization == "inside" else "normalization"
    backbone = getattr(keras.applications, row.constructor)(
        include_top=False, weights=None, input_tensor=normalize(inputs, normalization, name)
    )
    backbone = replace_batch_norm(backbone)
    if parameters.weights == NO_WEIGHTS:
        initialize_backbone(backbone, parameters, seed)
    elif weights is not None:
        load_starting_weights(backbone, member, parameters, weights)
    last = backbone.get_layer(parameters.output_layer).output if parameters.output_layer else backbone.output
    features = keras.layers.GlobalAveragePooling2D(name="pooling")(last)
    outputs = head(
        features,
        parameters.dense,
        dropout=parameters.dropout,
        l2=parameters.l2,
        initializer="glorot_uniform",
        seed=seed,
        classes=classes,
    )
    return keras.Model(backbone.inputs[0], outputs, name=member)


def initialize_backbone(backbone: Any, parameters: Transfer, seed: int) -> None:
    """Initialize the kernels of a backbone and set the momentum of its batch normalization.

    VGG19 does not learn from the Glorot initialization that keras.applications gives it (He et al. 2015,
    section 2.2). With the usual momentum of 0.99, batch normalization needs hundreds of steps.
    """
    import keras

    for index, layer in enumerate(backbone.layers):
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            config = {"seed": derive(seed, "backbone", index)}
            initializer = keras.initializers.get({"class_name": parameters.initializer, "config": config})
            height, width, channels, filters = layer.kernel.shape
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                # Each filter sees one channel, but initializers take the last but one axis for the input channels.
                kernel = initializer((height, width, filters, channels))
                layer.kernel.assign(keras.ops.swapaxes(kernel, 2, 3))
            else:
                layer.kernel.assign(initializer((height, width, channels, filters)))
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = parameters.batch_norm_momentum


def load_starting_weights(backbone: Any, member: str, parameters: Transfer, folder: Path) -> None:
    """Load the starting weights of a backbone by topology, since Keras numbers layer names by process.

    Args:
        backbone: Keras model of the backbone without its head.
        member: Name of the member.
        parameters: Parameters of the member; its `weights` is a key of `data.weights`.
        folder: Folder in which `acquire` saved `<weights>.h5`.

    Raises:
        WeightsError: The file is missing, is refused or has the weights of another network.
    """
    name = parameters.weights
    path = folder / f"{name}.h5"
    remedy = (
        f"This must be an HDF5 file of the weights of {BACKBONES[parameters.backbone].constructor} without the top, "
        f"as keras.applications publishes it.\nSet data.weights.{name}.source to its path (or to imagenet, if the "
        f"entry's name is {parameters.backbone}) and run dvc repro.\n"
        f"Or train from random weights: set models.{member}.weights to none."
    )
    if not path.is_file():
        raise WeightsError(f"models.{member}.weights: received {name}, but {path} does not exist.\n{remedy}")
    try:
        load_weights(backbone, path)
    except WeightsError as error:
        raise WeightsError(f"models.{member}.weights: does not fit {parameters.backbone}: {error}\n{remedy}") from None


def backbone_layers(model: Any, parameters: Transfer) -> list[Any]:
    """Return the layers of a model's backbone from first to last, without input and normalization."""
    names = [layer.name for layer in model.layers]
    end = names.index("pooling")
    return list(model.layers[end - backbone_length(parameters) + 1 : end])


def backbone_length(parameters: Transfer) -> int:
    """Return the number of layers of a member's backbone up to its `output_layer`, including the input layer."""
    row = BACKBONES[parameters.backbone]
    return row.outputs[parameters.output_layer] if parameters.output_layer else row.layers


def feature_map_size(parameters: SmallCNN) -> int:
    """Return width and height of the last feature map, in pixels; 0 if the image is too small for the network."""
    size = parameters.image_size
    for _ in range(parameters.conv_layers):
        if parameters.padding == "valid":
            size -= parameters.kernel_size - 1
        size = max(size, 0) // parameters.pool_size
    return size


def build_small_cnn(member: str, parameters: SmallCNN, seed: int, classes: int = 1) -> Any:
    """Build a network of convolutions with pooling, dense layers and an output.

    Args:
        member: Name of the model.
        parameters: Parameters of the member.
        seed: Seed of the initial weights and of dropout.
        classes: Number of classes, see `networks.target`.

    Returns:
        A Keras model from images of shape (batch, image_size, image_size, 3), 0 to 255, to the probabilities of the
        classes, shape (batch, classes).

    Raises:
        ParameterError: The feature map after the last pooling is empty.
    """
    import keras

    if feature_map_size(parameters) == 0:
        layers = (
            f"conv_layers {parameters.conv_layers}, kernel_size {parameters.kernel_size}, "
            f"pool_size {parameters.pool_size}"
        )
        raise ParameterError(
            "params.yaml has 1 problem",
            [f"models.{member}.image_size: received {parameters.image_size}; the feature map is empty with {layers}"],
            "Increase image_size, reduce conv_layers or pool_size, or set padding to same.",
        )
    pool = keras.layers.MaxPooling2D if parameters.pooling == "max" else keras.layers.AveragePooling2D
    inputs = keras.Input((parameters.image_size, parameters.image_size, 3), name="image")
    x = normalize(inputs, "unit")
    for number in range(1, parameters.conv_layers + 1):
        x = keras.layers.Conv2D(
            parameters.filters,
            parameters.kernel_size,
            padding=parameters.padding,
            activation="relu",
            kernel_initializer=keras.initializers.get(
                {"class_name": parameters.initializer, "config": {"seed": derive(seed, "conv", number)}}
            ),
            name=f"conv_{number}",
        )(x)
        x = pool(parameters.pool_size, name=f"pool_{number}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    outputs = head(
        x,
        [parameters.units] * parameters.dense_layers,
        dropout=parameters.dropout,
        l2=parameters.l2,
        initializer=parameters.initializer,
        seed=seed,
        classes=classes,
    )
    return keras.Model(inputs, outputs, name=member)


def build_member(
    member: str,
    parameters: Transfer | SmallCNN,
    seed: int,
    weights: Path | None = None,
    target: Target = BINARY,
) -> Any:
    """Build the network of a member.

    Args:
        member: Name of the member; also part of the seed, so that members have different initial weights.
        parameters: Parameters of the member.
        seed: Top-level seed.
        weights: Folder of starting weights; None if trained weights are loaded afterwards.
        target: Classes that the network predicts.

    Returns:
        A Keras model, see `build_transfer` and `build_small_cnn`.
    """
    member_seed, classes = derive(seed, member), len(target.classes)
    if isinstance(parameters, Transfer):
        return build_transfer(member, parameters, member_seed, weights, classes)
    return build_small_cnn(member, parameters, member_seed, classes)


def unfreeze(backbone: Sequence[Any], last: UnfrozenLayers | Literal[0], *, frozen_batch_norm: bool) -> None:
    """Make only the last layers of a backbone trainable; compile the model afterwards.

    Args:
        backbone: Layers of the backbone, from first to last.
        last: Number of trainable layers; or "all", "none" (0), or "last_conv" (from the last convolution to the end).
        frozen_batch_norm: Keep all batch normalization frozen, and so in inference mode: its statistics are
            those of ImageNet, and a few small batches would ruin them.
    """
    import keras

    first = len(backbone) - _count(backbone, last)
    for index, layer in enumerate(backbone):
        kept = frozen_batch_norm and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = index >= first and not kept


def _count(backbone: Sequence[Any], last: UnfrozenLayers | Literal[0]) -> int:
    import keras

    if last == "all":
        return len(backbone)
    if last == "none":
        return 0
    if last == "last_conv":
        kinds = (keras.layers.Conv2D, keras.layers.SeparableConv2D, keras.layers.DepthwiseConv2D)
        return next(count for count, layer in enumerate(reversed(backbone), 1) if isinstance(layer, kinds))
    return last
