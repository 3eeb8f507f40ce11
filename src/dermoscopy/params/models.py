"""The four members of the ensemble."""

from typing import Annotated, Literal, TypeVar

from pydantic import Field

from dermoscopy.params.block import Block, Count, Positive, PositiveFloat, Rate
from dermoscopy.params.optimizers import Optimizer

Normalization = Literal["unit", "centered", "backbone"]
ClipBy = Literal["value", "norm", "global_norm"]
UnfrozenLayers = Positive | Literal["all", "none", "last_conv"]
Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "random_uniform"]
LARGEST_SIDE = 1024
Side = Annotated[int, Field(ge=8, le=LARGEST_SIDE)]


class Transfer(Block):
    """A member built over a backbone of keras.applications.

    Attributes:
        backbone: Its name.
        weights: "none", or a key of `data.weights`.
        image_size: Side of the square it is fed, in pixels.
        normalization: "unit" divides by 255; "centered" maps to -1 to 1; "backbone" is what the
            backbone was trained with.
        initializer: Of the backbone's convolutions, where weights is "none".
        batch_norm_momentum: Of the backbone's moving averages, where weights is "none".
        frozen_batch_norm: Keep starting weights' statistics, in inference mode, when layers around them train.
        dense: Units of each dense layer of the head.
        dropout: After each of them; before the output where there is none.
        l2: Weight of the penalty on the head's dense kernels.
        optimizer: Unless the top-level `optimizer` replaces it.
        learning_rate: Its step in the first phase, or the only one.
        fine_tune_learning_rate: Its step in the phase after a frozen one.
        clip: Largest gradient; null does not clip.
        clip_by: What is not to be larger: each component, each variable's norm, or the norm of all.
        frozen_epochs: With the backbone frozen; skipped where weights is "none".
        unfrozen_layers: How many of the backbone's last layers then train; or "all", "none", or "last_conv",
            from its last convolution on; where weights is "none" all of them train.
        epochs: With those layers unfrozen.
    """

    backbone: Literal["vgg16", "vgg19", "inception_v3", "mobilenet_v2"]
    weights: str = Field(min_length=1)
    image_size: Side
    normalization: Normalization
    initializer: Initializer
    batch_norm_momentum: Rate
    frozen_batch_norm: bool
    dense: list[Positive]
    dropout: Rate
    l2: float = Field(ge=0)
    optimizer: Optimizer
    learning_rate: PositiveFloat
    fine_tune_learning_rate: PositiveFloat
    clip: PositiveFloat | None
    clip_by: ClipBy
    frozen_epochs: Count
    unfrozen_layers: UnfrozenLayers
    epochs: Positive


class SmallCNN(Block):
    """A member built from the ground up: convolutions with pooling, dense layers, an output.

    Attributes:
        image_size: Side of the square it is fed, in pixels; divided by 255.
        conv_layers: How many times [convolution, ReLU, pooling].
        filters: Of each convolution.
        kernel_size: Its side.
        padding: Of each convolution.
        pooling: Kind of pooling.
        pool_size: Its side and stride.
        dense_layers: How many dense layers before the output.
        units: Of each.
        dropout: After each; before the output where there is none.
        l2: Weight of the penalty on the dense kernels.
        initializer: Of every kernel.
        optimizer: Unless the top-level `optimizer` replaces it.
        learning_rate: Its step.
        clip: Largest gradient; null does not clip.
        clip_by: As of `Transfer`.
        epochs: How long it trains.
    """

    image_size: Side
    conv_layers: Positive
    filters: Positive
    kernel_size: Positive
    padding: Literal["valid", "same"]
    pooling: Literal["max", "average"]
    pool_size: Positive
    dense_layers: Count
    units: Positive
    dropout: Rate
    l2: float = Field(ge=0)
    initializer: Initializer
    optimizer: Optimizer
    learning_rate: PositiveFloat
    clip: PositiveFloat | None
    clip_by: ClipBy
    epochs: Positive


class Models(Block):
    """The `models` block: the fixed list of members."""

    vgg19: Transfer
    inception_v3: Transfer
    cnn_a: SmallCNN
    cnn_b: SmallCNN


Member = Literal["vgg19", "inception_v3", "cnn_a", "cnn_b"]

M = TypeVar("M", Transfer, SmallCNN)


def with_optimizer(parameters: M, replaced: Optimizer | None) -> M:
    """Return a member's parameters with the top-level `optimizer`, unless that is null."""
    return parameters if replaced is None else parameters.model_copy(update={"optimizer": replaced})
