"""Parameters of the networks, of their training, and of the use of the machine."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from dermoscopy.core.params import Block, Count, Positive, PositiveFloat, Rate
from dermoscopy.networks.backbones import BACKBONES

Normalization = Literal["unit", "centered", "backbone"]
ClipBy = Literal["value", "norm", "global_norm"]
UnfrozenLayers = Positive | Literal["all", "none", "last_conv"]
if TYPE_CHECKING:
    BackboneName = str
else:
    BackboneName = Literal[tuple(BACKBONES)]
LARGEST_IMAGE_SIZE = 1024

# Parameters of several kinds of networks, and of the search.
Optimizer = Literal["sgd", "adam", "adamw", "adamax", "nadam", "rmsprop"]
NetworkOptimizer = Annotated[
    Optimizer, Field(description="Optimizer. The top-level optimizer, unless it is null, replaces it in all members.")
]
Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "random_uniform"]
KernelInitializer = Annotated[Initializer, Field(description="Initializer of all kernels.")]
ImageSize = Annotated[
    int, Field(ge=8, le=LARGEST_IMAGE_SIZE, description="Width and height to which images are resized, in pixels.")
]
ConvLayers = Annotated[
    Positive, Field(description="Number of convolutional layers, each followed by ReLU and pooling.")
]
Filters = Annotated[Positive, Field(description="Number of filters of each convolution.")]
KernelSize = Annotated[Positive, Field(description="Width and height of the kernels, in pixels.")]
Padding = Annotated[
    Literal["valid", "same"],
    Field(description="Padding of each convolution. valid: none. same: the output is as large as the input."),
]
Pooling = Annotated[Literal["max", "average"], Field(description="Kind of pooling.")]
PoolSize = Annotated[Positive, Field(description="Width, height and stride of the pooling window, in pixels.")]
DenseLayers = Annotated[Count, Field(description="Number of dense layers before the output.")]
Units = Annotated[Positive, Field(description="Number of units of each dense layer.")]
Dropout = Annotated[
    Rate, Field(description="Dropout rate after each dense layer; without dense layers, before the output.")
]
L2 = Annotated[float, Field(ge=0, description="Weight of the L2 penalty on the kernels of the dense layers.")]
LearningRate = Annotated[PositiveFloat, Field(description="Learning rate; if there are two phases, that of the first.")]
Clip = Annotated[PositiveFloat | None, Field(description="Gradients are clipped to this size; null does not clip.")]
ClippedBy = Annotated[
    ClipBy,
    Field(
        description="What is clipped. value: each component of a gradient. norm: the norm of each variable's "
        "gradient. global_norm: the norm of all gradients together."
    ),
]


OtherLearningRate = Annotated[
    PositiveFloat | None,
    Field(
        description="Learning rate if the top-level optimizer replaces the member's own by this one; the second phase "
        "has its rate in the same proportion. null: the learning rate stays."
    ),
]


class LearningRates(Block):
    """Learning rates of the optimizers that may replace a member's own."""

    sgd: OtherLearningRate = None
    adam: OtherLearningRate = None
    adamw: OtherLearningRate = None
    adamax: OtherLearningRate = None
    nadam: OtherLearningRate = None
    rmsprop: OtherLearningRate = None


KIND = "Kind of member. transfer: a backbone of keras.applications with a new head. small_cnn: a small CNN."


class Transfer(Block):
    """A network with a backbone of keras.applications and a new head."""

    kind: Literal["transfer"] = Field("transfer", description=KIND)
    backbone: BackboneName = Field(description="Backbone from keras.applications.")
    weights: str = Field(
        min_length=1,
        description="Starting weights: a key of data.weights, or none for random weights. Paper: trained on ImageNet.",
    )
    output_layer: str | None = Field(
        description="Layer of the backbone after which the head follows; later layers are left out. null: the last "
        "one. ImageNet's last layers are specific to its classes; with fewer layers, training is also faster."
    )
    image_size: ImageSize
    normalization: Normalization = Field(
        description="Scaling of pixels. unit: 0 to 1, as the paper does. centered: -1 to 1. backbone: as the backbone "
        "was trained. From random weights, VGG19 with unit stays at chance level for a few hundred steps."
    )
    initializer: Initializer = Field(
        description="Initializer of the backbone's convolutions if weights is none. VGG19 does not learn from Keras's "
        "default, glorot_uniform."
    )
    batch_norm_momentum: Rate = Field(
        description="Momentum of the backbone's batch normalization if weights is none. With Keras's default, 0.99, "
        "validation metrics mean nothing for some hundred steps. VGG16 and VGG19 have no batch normalization."
    )
    frozen_batch_norm: bool = Field(
        description="Keep the batch normalization statistics of the starting weights when the layers around them are "
        "trained."
    )
    dense: list[Positive] = Field(description="Number of units of each dense layer before the output.")
    dropout: Dropout
    l2: L2
    optimizer: NetworkOptimizer
    learning_rate: LearningRate
    learning_rates: LearningRates = Field(default_factory=LearningRates)
    fine_tune_learning_rate: PositiveFloat = Field(
        description="Learning rate of the second phase, which follows the frozen epochs."
    )
    clip: Clip
    clip_by: ClippedBy
    frozen_epochs: Count = Field(
        description="Number of epochs of the first phase, with the backbone frozen. It is skipped if weights is none."
    )
    unfrozen_layers: UnfrozenLayers = Field(
        description="Number of the backbone's last layers that are trained after the frozen epochs; or all, none, or "
        "last_conv (from the last convolution on). If weights is none, all layers are trained."
    )
    epochs: Positive = Field(description="Number of epochs after the frozen ones.")


class SmallCNN(Block):
    """A network of convolutions with pooling, dense layers and an output, trained from random weights."""

    kind: Literal["small_cnn"] = Field("small_cnn", description=KIND)
    image_size: ImageSize
    conv_layers: ConvLayers
    filters: Filters
    kernel_size: KernelSize
    padding: Padding
    pooling: Pooling
    pool_size: PoolSize
    dense_layers: DenseLayers
    units: Units
    dropout: Dropout
    l2: L2
    initializer: KernelInitializer
    optimizer: NetworkOptimizer
    learning_rate: LearningRate
    learning_rates: LearningRates = Field(default_factory=LearningRates)
    clip: Clip
    clip_by: ClippedBy
    epochs: Positive = Field(description="Number of epochs.")


NAME_RULE = "a string of letters, digits and _ that begins with a letter"
Name = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_]*$", description=NAME_RULE)]
Member = Annotated[Transfer | SmallCNN, Field(discriminator="kind")]
Models = Annotated[dict[Name, Member], Field(min_length=1)]


def with_optimizer(parameters: Transfer | SmallCNN, replaced: Optimizer | None) -> Transfer | SmallCNN:
    """Return a member's parameters with the top-level `optimizer` and its learning rate, unless that is null."""
    if replaced is None or replaced == parameters.optimizer:
        return parameters
    rate = getattr(parameters.learning_rates, replaced) or parameters.learning_rate
    changes: dict[str, object] = {"optimizer": replaced, "learning_rate": rate}
    if isinstance(parameters, Transfer):
        changes["fine_tune_learning_rate"] = parameters.fine_tune_learning_rate * rate / parameters.learning_rate
    return parameters.model_copy(update=changes)


Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]


class Runtime(Block):
    """Use of the machine."""

    threads: Positive = Field(
        description="Number of threads of TensorFlow. Another number changes results in the last digits."
    )
    precision: Precision | Literal["auto"] = Field(
        description="Precision of the arithmetic; the output stays in float32. auto: what suits this machine, recorded "
        "in runs/; results then differ between machines."
    )
    eager: bool = Field(
        description="Run Keras without graphs. This is faster if there are only a few steps, since no graph is traced."
    )
    devices: Positive = Field(
        description="Number of GPUs that train one member, each on a part of every batch. Without a GPU the CPU is "
        "divided into this many logical devices, for tests."
    )
    memory: PositiveFloat = Field(
        description="Largest memory for the images of a split, and for cached features, in GB. Images that need more "
        "are kept on disk; so are features, up to runtime.disk."
    )
    disk: float = Field(
        ge=0,
        description="Largest disk space for the cached features of a member, in GB; features that need more are not "
        "cached. The space is free again after the phase.",
    )


Monitor = Literal["val_accuracy", "val_loss", "val_roc_auc"]
LOWEST_IS_BEST: tuple[Monitor, ...] = ("val_loss",)
Schedule = Literal["constant", "cosine"]
Loss = Literal["cross_entropy", "focal"]
TargetName = Literal["binary", "dx"]
Mix = Literal["none", "mixup", "cutmix"]
Balance = Literal["none", "class_weights", "batches", "sources", "groups", "group_dro"]


class Augment(Block):
    """Random changes of the training images, new in each epoch."""

    flip: Rate = Field(description="Probability of a horizontal flip, and of a vertical one.")
    quarter_turns: bool = Field(description="Rotate by 0, 90, 180 or 270 degrees.")
    zoom: Rate = Field(description="Largest relative change of scale.")
    shift: Rate = Field(description="Largest shift, as a fraction of width and height.")
    crop: Rate = Field(
        description="Largest fraction of width and height that a random crop leaves out; the rest is enlarged."
    )
    brightness: Rate = Field(
        description="Largest change of brightness, as a fraction of the range from black to white."
    )
    contrast: Rate = Field(description="Largest relative change of contrast.")

    @property
    def changes(self) -> bool:
        """Whether any image is changed."""
        return any(self.model_dump().values())


class Training(Block):
    """Training of all members."""

    target: TargetName = Field(
        description="What a member predicts. binary: the probability of malignancy, as in the paper. dx: the "
        "probabilities of the seven diagnoses; that of malignancy is the sum over the malignant ones. The networks of "
        "the search always predict the first."
    )
    batch_size: Positive = Field(
        description="Number of images per step. Paper: 32 (393 steps an epoch); the simulated dataset has only a few "
        "hundred images, and 16 gives it more steps."
    )
    monitor: Monitor = Field(
        description="Metric that selects the epoch whose weights are kept. Paper: val_accuracy, which is unstable on "
        "about 100 images and may select a network that predicts all of them benign. val_roc_auc measures ranking; "
        "calibration later corrects the level of the probabilities, on which val_loss depends too."
    )
    patience: Positive | None = Field(
        description="Number of epochs without improvement after which a phase is stopped; null never stops early."
    )
    schedule: Schedule = Field(
        description="Learning rate within a phase. constant: stays, as in the paper. cosine: falls to 0."
    )
    warmup_epochs: Count = Field(
        description="Number of epochs at the start of a phase in which the learning rate rises."
    )
    weight_decay: float = Field(ge=0, description="Weight decay of the optimizer adamw, for kernels only.")
    weight_average: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        description="Momentum of an exponential moving average of the weights. After each epoch the averaged weights "
        "are evaluated on val, and those of the best epoch are kept; training continues with its own. null: no average."
    )
    loss: Loss = Field(
        description="Loss. cross_entropy: as in the paper. focal: images that are already classified well count less."
    )
    focal_gamma: float = Field(ge=0, description="How much less they count; with 0, focal equals cross_entropy.")
    label_smoothing: Rate = Field(
        description="This much of the label in the loss is spread evenly over all classes, so that probabilities stay "
        "away from 0 and 1."
    )
    center_loss: float = Field(
        ge=0,
        description="Weight of the center loss, which draws the features before the output of a network to the mean of "
        "their class. It rises from 0 in the first epoch of a phase. 0: off, as in the paper, whose own form of it "
        "diverged.",
    )
    balance: Balance = Field(
        description="Balancing of labels, with or without augment.balance. none: as in the paper. class_weights: "
        "images of the rarer label have a larger weight in the loss. batches: each batch has as many malignant as "
        "benign images. sources: images have weights in the loss with which both labels have the same weight within "
        "each source (the column dataset), so that the camera is no sign of the label. groups: each combination of "
        "source and label has the same weight in the loss. group_dro: first as groups; after each epoch, a combination "
        "with a larger loss gets more weight. With the target dx, class_weights balances the diagnoses."
    )
    group_step: PositiveFloat = Field(
        description="Step size of group_dro: how fast the weights of groups with a large loss grow, per epoch."
    )
    augment: Augment = Field(
        description="Random changes of the training images, new in each epoch, in addition to the augment stage. "
        "Paper: none. Flips make originals and augmented images alike, so that a network cannot tell them apart. With "
        "flips and quarter turns only, the features of frozen layers can be cached, for each of the 2 to 8 views of an "
        "image; with any other change they cannot."
    )
    mix: Mix = Field(
        description="Mixing of each image with another one of its batch, and of their labels. mixup: the mean of both "
        "images, weighted. cutmix: a rectangle of the other image replaces a part of the image."
    )
    mix_alpha: PositiveFloat = Field(
        description="Parameter of the beta distribution of the proportions: with small values one of the two images "
        "prevails, with 1 all proportions are equally frequent."
    )
