"""A member built over a backbone of keras.applications."""

from pathlib import Path
from typing import Any

from dermoscopy.errors import WeightsError
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.devices import share_statistics
from dermoscopy.networks.head import head
from dermoscopy.networks.normalization import normalize
from dermoscopy.networks.seeds import derive
from dermoscopy.params.models import Transfer

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
        A Keras model: photographs of shape (batch, image_size, image_size, 3), 0 to 255, to the
        probability that the lesion is malignant, shape (batch, 1).

    Raises:
        WeightsError: The starting weights are missing or are not this backbone's.
    """
    import keras

    known = BACKBONES[parameters.backbone]
    inputs = keras.Input((parameters.image_size, parameters.image_size, 3), name="photograph")
    normalization = known.normalization if parameters.normalization == "backbone" else parameters.normalization
    backbone = getattr(keras.applications, known.constructor)(
        include_top=False, weights=None, input_tensor=normalize(inputs, normalization)
    )
    share_statistics(backbone)
    if parameters.weights == NO_WEIGHTS:
        start_from_nothing(backbone, parameters, seed)
    elif weights is not None:
        start_from_file(backbone, member, parameters, weights)
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


def start_from_nothing(backbone: Any, parameters: Transfer, seed: int) -> None:
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


def start_from_file(backbone: Any, member: str, parameters: Transfer, folder: Path) -> None:
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
