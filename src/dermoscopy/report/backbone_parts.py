"""Table of the parts of each backbone, for the diagrams of the report.

The stage `report` does not load TensorFlow. A test compares all numbers with the Keras models.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Window = tuple[int, int]  # size and stride in pixels, without padding


@dataclass(frozen=True)
class Part:
    """A part of a backbone, from one of its possible ends (`output_layer`) to the next.

    Attributes:
        end: Name of its last layer in Keras, if the backbone may end there.
        kinds: What it consists of, with the number of each kind.
        layers: Number of its layers.
        last_conv: Number of its layers from the last convolution on.
        channels: Number of channels of its output.
        parameters: Number of its weights.
        windows: Windows that make the feature map smaller. With padding, a stride of 2 is the window (1, 2).
        joins: Whether it is drawn in one block with the part before it.
    """

    end: str
    kinds: Mapping[str, int]
    layers: int
    last_conv: int
    channels: int
    parameters: int
    windows: tuple[Window, ...] = ()
    joins: bool = False


CONV, POOL = "convolution 3 × 3", "max pooling 2 × 2"
MIXED, REDUCTION, BOTTLENECK = "Inception module", "reduction module", "inverted residual"
HALVED, VALID_HALVED, PADDED_HALVED = ((2, 2),), ((3, 2),), ((1, 2),)
STEM = ((3, 2), (3, 1), (3, 2), (3, 1), (3, 2))

PARTS: Mapping[str, tuple[Part, ...]] = {
    "vgg16": (
        Part("block1_pool", {CONV: 2, POOL: 1}, 3, 2, 64, 38_720, HALVED),
        Part("block2_pool", {CONV: 2, POOL: 1}, 3, 2, 128, 221_440, HALVED),
        Part("block3_pool", {CONV: 3, POOL: 1}, 4, 2, 256, 1_475_328, HALVED),
        Part("block4_pool", {CONV: 3, POOL: 1}, 4, 2, 512, 5_899_776, HALVED),
        Part("block5_pool", {CONV: 3, POOL: 1}, 4, 2, 512, 7_079_424, HALVED),
    ),
    "vgg19": (
        Part("block1_pool", {CONV: 2, POOL: 1}, 3, 2, 64, 38_720, HALVED),
        Part("block2_pool", {CONV: 2, POOL: 1}, 3, 2, 128, 221_440, HALVED),
        Part("block3_pool", {CONV: 4, POOL: 1}, 5, 2, 256, 2_065_408, HALVED),
        Part("block4_pool", {CONV: 4, POOL: 1}, 5, 2, 512, 8_259_584, HALVED),
        Part("block5_pool", {CONV: 4, POOL: 1}, 5, 2, 512, 9_439_232, HALVED),
    ),
    "inception_v3": (
        Part("stem", {"convolution": 5, "pooling layer": 2}, 17, 4, 192, 173_072, STEM),
        Part("mixed0", {MIXED: 1}, 23, 10, 256, 256_368),
        Part("mixed1", {MIXED: 1}, 23, 10, 288, 277_968, joins=True),
        Part("mixed2", {MIXED: 1}, 23, 10, 288, 285_648, joins=True),
        Part("mixed3", {REDUCTION: 1}, 14, 7, 768, 1_153_920, VALID_HALVED),
        Part("mixed4", {MIXED: 1}, 32, 10, 768, 1_298_944, joins=True),
        Part("mixed5", {MIXED: 1}, 32, 10, 768, 1_692_736, joins=True),
        Part("mixed6", {MIXED: 1}, 32, 10, 768, 1_692_736, joins=True),
        Part("mixed7", {MIXED: 1}, 32, 10, 768, 2_143_872, joins=True),
        Part("mixed8", {REDUCTION: 1}, 20, 7, 1280, 1_699_584, VALID_HALVED),
        Part("mixed9", {MIXED: 1}, 31, 12, 2048, 5_047_872, joins=True),
        Part("mixed10", {MIXED: 1}, 31, 12, 2048, 6_080_064, joins=True),
    ),
    "mobilenet_v2": (
        Part("expanded_conv_project_BN", {CONV: 1, BOTTLENECK: 1}, 8, 2, 16, 1_984, PADDED_HALVED),
        Part("block_2_add", {BOTTLENECK: 2}, 18, 3, 24, 15_024, PADDED_HALVED),
        Part("block_5_add", {BOTTLENECK: 3}, 27, 3, 32, 42_000, PADDED_HALVED),
        Part("block_9_add", {BOTTLENECK: 4}, 36, 3, 64, 189_760, PADDED_HALVED),
        Part("block_12_add", {BOTTLENECK: 3}, 26, 3, 96, 309_888, joins=True),
        Part("block_15_add", {BOTTLENECK: 3}, 27, 3, 160, 806_208, PADDED_HALVED),
        Part("out_relu", {BOTTLENECK: 1, "convolution 1 × 1": 1}, 11, 3, 1280, 893_120, joins=True),
    ),
}
