"""A member's network from its parameters.

A member built over a backbone of keras.applications.

Which of a backbone's layers train.

The paper's two networks from the ground up, and all others of its search space.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from dermoscopy.core.errors import ParameterError, WeightsError
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.devices import synchronize_batch_norm
from dermoscopy.networks.layers import derive, head, normalize
from dermoscopy.networks.params import SmallCNN, Transfer, UnfrozenLayers

NO_WEIGHTS = "none"


def build_transfer(member: str, parameters: Transfer, seed: int, weights: Path | None = None) -> Any:
    """Build a backbone with global average pooling, dense layers with dropout, and an output.

    The model is flat: the backbone's layers stand beside the head's, so that any activation can be read.

    Args:
        member: The model's name.
        parameters: Its layers.
        seed: Of its weights and dropout.
        weights: Folder of starting weights, a file `<name>.h5` each; None leaves the backbone
            as its initializer made it, for a model whose trained weights are loaded afterwards.

    Returns:
        A Keras model: images of shape (batch, image_size, image_size, 3), 0 to 255, to the
        probability that the lesion is malignant, shape (batch, 1).

    Raises:
        WeightsError: The starting weights are missing or are not this backbone's.
    """
    import keras

    known = BACKBONES[parameters.backbone]
    inputs = keras.Input((parameters.image_size, parameters.image_size, 3), name="image")
    normalization = known.normalization if parameters.normalization == "backbone" else parameters.normalization
    # A backbone that normalises inside may have a layer called normalization of its own.
    name = "pixels" if known.normalization == "inside" else "normalization"
    backbone = getattr(keras.applications, known.constructor)(
        include_top=False, weights=None, input_tensor=normalize(inputs, normalization, name)
    )
    synchronize_batch_norm(backbone)
    if parameters.weights == NO_WEIGHTS:
        initialize_backbone(backbone, parameters, seed)
    elif weights is not None:
        load_starting_weights(backbone, member, parameters, weights)
    features = keras.layers.GlobalAveragePooling2D(name="pooling")(backbone.output)
    outputs = head(
        features,
        parameters.dense,
        dropout=parameters.dropout,
        l2=parameters.l2,
        initializer="glorot_uniform",
        seed=seed,
    )
    return keras.Model(inputs, outputs, name=member)


def initialize_backbone(backbone: Any, parameters: Transfer, seed: int) -> None:
    """Draw a backbone's kernels anew and let its batch normalisation follow within a few steps.

    VGG19 does not learn from the Glorot initialisation keras.applications gives it (He et al. 2015,
    section 2.2); batch normalisation's usual momentum of 0.99 needs hundreds of steps.
    """
    import keras

    for place, layer in enumerate(backbone.layers):
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            own = {"seed": derive(seed, "backbone", place)}
            initializer = keras.initializers.get({"class_name": parameters.initializer, "config": own})
            height, width, channels, filters = layer.kernel.shape
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                # Each filter sees one channel; initializers take the last but one axis for what it sees.
                kernel = initializer((height, width, filters, channels))
                layer.kernel.assign(keras.ops.swapaxes(kernel, 2, 3))
            else:
                layer.kernel.assign(initializer((height, width, channels, filters)))
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = parameters.batch_norm_momentum


def load_starting_weights(backbone: Any, member: str, parameters: Transfer, folder: Path) -> None:
    """Load a backbone's starting weights by topology, since Keras numbers layer names by process.

    Args:
        backbone: A Keras model without its head.
        member: Whose backbone it is.
        parameters: Of the member; its `weights` are a key of `data.weights`.
        folder: Where `acquire` left `<weights>.h5`.

    Raises:
        WeightsError: The file is missing or holds another network's weights.
    """
    name = parameters.weights
    path = folder / f"{name}.h5"
    remedy = (
        f"Needed is an HDF5 file of {BACKBONES[parameters.backbone].constructor}'s weights without its top, as "
        f"keras.applications publishes them.\nSet data.weights.{name}.source to its path, or to imagenet where the "
        f"entry is called {parameters.backbone}, and run dvc repro.\n"
        f"Or start from nothing: models.{member}.weights: none"
    )
    if not path.is_file():
        raise WeightsError(f"models.{member}.weights: {name}, but {path} is not here.\n{remedy}")
    try:
        backbone.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"models.{member}.weights: {path} does not fit {parameters.backbone}: {error}\n{remedy}"
        ) from None


def backbone_layers(model: Any, parameters: Transfer) -> list[Any]:
    """Return a model's backbone, its input and normalisation left out, first layer first."""
    names = [layer.name for layer in model.layers]
    end = names.index("pooling")
    return list(model.layers[end - BACKBONES[parameters.backbone].layers + 1 : end])


def feature_map_size(parameters: SmallCNN) -> int:
    """Return the side of the last feature map, in pixels; 0 where the image is too small for the network."""
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
        A Keras model: images of shape (batch, image_size, image_size, 3), 0 to 255, to the
        probability that the lesion is malignant, shape (batch, 1).

    Raises:
        ParameterError: Nothing of the image is left after the last pooling.
    """
    import keras

    if feature_map_size(parameters) == 0:
        layers = (
            f"{parameters.conv_layers} convolutions of {parameters.kernel_size} with pooling {parameters.pool_size}"
        )
        raise ParameterError(
            "params.yaml has 1 problem",
            [f"models.{member}.image_size: {layers} leave nothing of {parameters.image_size} pixels"],
            "Give it larger images, fewer convolutions, smaller pooling, or padding same.",
        )
    pool = keras.layers.MaxPooling2D if parameters.pooling == "max" else keras.layers.AveragePooling2D
    inputs = keras.Input((parameters.image_size, parameters.image_size, 3), name="image")
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


def build_member(member: str, parameters: Transfer | SmallCNN, seed: int, weights: Path | None = None) -> Any:
    """Build a member.

    Args:
        member: Its name; also mixed into the seed, so that members do not start alike.
        parameters: Its layers.
        seed: The top-level one.
        weights: Folder of starting weights; None where trained weights are loaded afterwards.

    Returns:
        A Keras model, see `build_transfer` and `build_small_cnn`.
    """
    own = derive(seed, member)
    if isinstance(parameters, Transfer):
        return build_transfer(member, parameters, own, weights)
    return build_small_cnn(member, parameters, own)


def unfreeze(backbone: Sequence[Any], last: UnfrozenLayers | Literal[0], *, frozen_batch_norm: bool) -> None:
    """Let only the last layers of a backbone train; compile the model afterwards.

    Args:
        backbone: Its layers, first one first.
        last: How many train; or "all", "none" (as 0), or "last_conv", from the last convolution to the end.
        frozen_batch_norm: Keep batch normalisation frozen, and so in inference mode, wherever it stands: its
            statistics are ImageNet's, and a few small batches would ruin them.
    """
    import keras

    first = len(backbone) - _count(backbone, last)
    for place, layer in enumerate(backbone):
        kept = frozen_batch_norm and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = place >= first and not kept


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
