"""Blocks of a member's network, from its parameters: kind, feature map, number of parameters, and when they train.

The stage `report` does not load TensorFlow. A test compares all numbers with the Keras model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import backbone_length, feature_map_size
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.report.backbone_parts import PARTS, Part, Window
from dermoscopy.report.formatting import plural
from dermoscopy.train.phases import phases

CHANNELS = 3  # of an image: red, green, blue
DENSE = "dense layer"


@dataclass(frozen=True)
class Block:
    """A block of a network, as the diagram shows it.

    Attributes:
        kinds: What it consists of, with the number of each kind, in the order of the layers.
        size: Width and height of its feature map in pixels; None if its output has no positions.
        channels: Number of channels of the feature map, or of values without positions; None if it is not known.
        parameters: Number of its weights; None if it is not known.
        backbone_layers: Number of layers of the backbone in it; 0 in the head and in a small CNN.
    """

    kinds: Mapping[str, int]
    size: int | None
    channels: int | None
    parameters: int | None
    backbone_layers: int = 0

    @property
    def names(self) -> list[str]:
        """What the block consists of, with numbers if there are several."""
        return [kind if number == 1 else _several(number, kind) for kind, number in self.kinds.items()]

    @property
    def shape(self) -> str:
        """Shape of the output as a text; empty if it is not known."""
        if self.channels is None:
            return ""
        return plural(self.channels, "value") if self.size is None else f"{self.size} × {self.size} × {self.channels}"


def _several(number: int, kind: str) -> str:
    """Return a number of parts of a kind; the size of a kernel stays at the end."""
    noun, _, kernel = kind.partition(" 3 × ")
    return plural(number, noun) + (f" 3 × {kernel}" if kernel else "")


def reduced(size: int, windows: Iterable[Window]) -> int:
    """Return width and height of a feature map after windows without padding, in pixels.

    Args:
        size: Width and height before, in pixels.
        windows: Size and stride of each window.
    """
    for window, stride in windows:
        size = (size - window) // stride + 1
    return size


def blocks(parameters: Transfer | SmallCNN, classes: int = 1) -> list[Block]:
    """Return the blocks of a member's network, from the image to the output.

    A backbone without `PARTS` is one block, of which only the number of layers is known.

    Args:
        parameters: Parameters of the member.
        classes: Number of classes that it predicts, see `networks.target`.
    """
    image = Block({"image": 1}, parameters.image_size, CHANNELS, 0)
    if isinstance(parameters, SmallCNN):
        convolutions = _convolutions(parameters)
        features = feature_map_size(parameters) ** 2 * parameters.filters
        units = [parameters.units] * parameters.dense_layers
        return [image, *convolutions, *_head("flatten", features, units, parameters.dropout, classes)]
    if parameters.backbone in PARTS:
        backbone = _backbone(parameters)
    else:
        layers = backbone_length(parameters) - 1
        backbone = [Block({BACKBONES[parameters.backbone].constructor: 1}, None, None, None, layers)]
    head = _head("mean over positions", backbone[-1].channels, parameters.dense, parameters.dropout, classes)
    return [image, *backbone, *head]


def _convolutions(parameters: SmallCNN) -> list[Block]:
    size, channels, kernel, pool = parameters.image_size, CHANNELS, parameters.kernel_size, parameters.pool_size
    windows = [(pool, pool)] if parameters.padding == "same" else [(kernel, 1), (pool, pool)]
    kinds = {f"convolution {kernel} × {kernel}, ReLU": 1, f"{parameters.pooling} pooling {pool} × {pool}": 1}
    drawn = []
    for _ in range(parameters.conv_layers):
        size = reduced(size, windows)
        weights = (kernel * kernel * channels + 1) * parameters.filters
        channels = parameters.filters
        drawn.append(Block(kinds, size, channels, weights))
    return drawn


def parts(parameters: Transfer) -> tuple[Part, ...]:
    """Return the parts of a member's backbone up to its `output_layer`."""
    of_backbone = PARTS[parameters.backbone]
    if parameters.output_layer is None:
        return of_backbone
    ends = [part.end for part in of_backbone]
    return of_backbone[: ends.index(parameters.output_layer) + 1]


def _backbone(parameters: Transfer) -> list[Block]:
    size = parameters.image_size
    drawn: list[Block] = []
    for part in parts(parameters):
        size = reduced(size, part.windows)
        block = Block(part.kinds, size, part.channels, part.parameters, part.layers)
        if not part.joins:
            drawn.append(block)
            continue
        before, counts = drawn[-1], dict(drawn[-1].kinds)
        for kind, number in part.kinds.items():
            counts[kind] = counts.get(kind, 0) + number
        drawn[-1] = replace(
            block,
            kinds=counts,
            parameters=count_weights([before, block]),
            backbone_layers=before.backbone_layers + block.backbone_layers,
        )
    return drawn


def _head(first: str, features: int | None, units: list[int], dropout: float, classes: int) -> list[Block]:
    """Return a block for each dense layer, and the output; dropout stands where `networks.layers.head` has it."""
    drawn, kinds = [], {first: 1}
    dropped = {f"dropout {dropout:g}": 1} if dropout else {}
    for width in units:
        drawn.append(Block({**kinds, f"{DENSE}, ReLU": 1, **dropped}, None, width, _weights(features, width)))
        features, kinds = width, {}
    if not units:
        kinds |= dropped
    activation = "sigmoid" if classes == 1 else "softmax"
    return [*drawn, Block({**kinds, f"{DENSE}, {activation}": 1}, None, classes, _weights(features, classes))]


def _weights(features: int | None, units: int) -> int | None:
    """Return the number of weights of a dense layer with biases."""
    return None if features is None else (features + 1) * units


def count_weights(drawn: Iterable[Block]) -> int | None:
    """Return the number of weights of all blocks; None if it is not known."""
    counts = [block.parameters for block in drawn]
    known = [number for number in counts if number is not None]
    return sum(known) if len(known) == len(counts) else None


@dataclass(frozen=True)
class TrainedPhase:
    """A phase of a member's training, as the diagram shows it.

    Attributes:
        epochs: Largest number of epochs.
        layers: Number of the backbone's last layers that are trained; None if all layers of the network are.
    """

    epochs: int
    layers: int | None


def trained_phases(parameters: Transfer | SmallCNN) -> list[TrainedPhase]:
    """Return the phases of a member's training in order, with the layers that each trains. The head always trains.

    There are none for a backbone without `PARTS`: which of its layers is the last convolution is not known.
    """
    if isinstance(parameters, Transfer) and parameters.backbone not in PARTS:
        return []
    return [
        TrainedPhase(phase.epochs, None if phase.unfrozen in (None, "all") else _layers(parameters, phase.unfrozen))
        for phase in phases(parameters)
    ]


def _layers(parameters: Transfer | SmallCNN, unfrozen: object) -> int:
    if unfrozen == "last_conv" and isinstance(parameters, Transfer):
        return parts(parameters)[-1].last_conv
    return unfrozen if isinstance(unfrozen, int) else 0
