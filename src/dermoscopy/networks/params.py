"""The members of the ensemble.

The optimizers one can name.

How the machine is used.

What the training of all members shares.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from dermoscopy.core.params import Block, Count, Positive, PositiveFloat, Rate
from dermoscopy.networks.backbones import BACKBONES

Optimizer = Literal["sgd", "adam", "adamax", "nadam", "rmsprop"]

Normalization = Literal["unit", "centered", "backbone"]
ClipBy = Literal["value", "norm", "global_norm"]
UnfrozenLayers = Positive | Literal["all", "none", "last_conv"]
Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "random_uniform"]
if TYPE_CHECKING:
    BackboneName = str
else:
    BackboneName = Literal[tuple(BACKBONES)]
LARGEST_SIDE = 1024
Side = Annotated[int, Field(ge=8, le=LARGEST_SIDE)]


class Transfer(Block):
    """A member built over a backbone of keras.applications.

    Attributes:
        kind: Which of the kinds of members this is.
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

    kind: Literal["transfer"] = "transfer"
    backbone: BackboneName
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
        kind: Which of the kinds of members this is.
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

    kind: Literal["small_cnn"] = "small_cnn"
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


NAME_RULE = "a string of letters, digits and _ that begins with a letter"
Name = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_]*$", description=NAME_RULE)]
Member = Annotated[Transfer | SmallCNN, Field(discriminator="kind")]
Models = dict[Name, Member]


def with_optimizer(parameters: Transfer | SmallCNN, replaced: Optimizer | None) -> Transfer | SmallCNN:
    """Return a member's parameters with the top-level `optimizer`, unless that is null."""
    return parameters if replaced is None else parameters.model_copy(update={"optimizer": replaced})


Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]


class Runtime(Block):
    """The `runtime` block.

    Attributes:
        threads: For TensorFlow; other counts give other bytes.
        precision: Of the arithmetic; the output stays in float32. "auto" is what the machine does well.
        eager: Run Keras without graphs: tracing costs more than a few steps save.
        devices: Graphics cards a member trains on; without any, logical parts of the processor.
        memory: Gigabytes that the photographs of a part, or the stored features, may take.
    """

    threads: Positive
    precision: Precision | Literal["auto"]
    eager: bool
    devices: Positive
    memory: PositiveFloat


Monitor = Literal["val_accuracy", "val_loss", "val_roc_auc"]
LOWEST_IS_BEST: tuple[Monitor, ...] = ("val_loss",)
Schedule = Literal["constant", "cosine"]
Balance = Literal["none", "class_weights", "batches"]


class Augment(Block):
    """What is drawn anew for each photograph of each epoch.

    Attributes:
        flip: Chance of a flip, for each axis.
        quarter_turns: Turn by 0, 90, 180 or 270 degrees.
        zoom: Largest relative change of scale.
        shift: Largest shift, as a share of the side.
        brightness: Largest change, as a share of white.
        contrast: Largest relative change.
    """

    flip: Rate
    quarter_turns: bool
    zoom: Rate
    shift: Rate
    brightness: Rate
    contrast: Rate

    @property
    def changes(self) -> bool:
        """Whether it changes any photograph at all."""
        return any(self.model_dump().values())


class Training(Block):
    """The `training` block.

    Attributes:
        batch_size: Photographs a step.
        monitor: The validation metric that chooses the epoch whose weights are kept.
        patience: Epochs without a better one after which a phase ends; null trains them all.
        schedule: Of the learning rate within a phase; "cosine" falls to 0.
        warmup_epochs: In which the learning rate rises from 0 first.
        balance: How a rare label is made up for, beside or instead of copies.
        augment: Drawn anew each epoch.
    """

    batch_size: Positive
    monitor: Monitor
    patience: Positive | None
    schedule: Schedule
    warmup_epochs: Count
    balance: Balance
    augment: Augment
