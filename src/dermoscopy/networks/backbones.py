"""Table of backbones: a row for each network of keras.applications that a member can use.

The builder, the download of weights, the expected times and the values of `backbone` in params.yaml read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

BackboneNormalization = Literal["caffe", "centered", "inside"]
PacePrecision = Literal["float32", "mixed_bfloat16"]
BASE_URL = "https://storage.googleapis.com/tensorflow/keras-applications/"


class Pace(NamedTuple):
    """Milliseconds per image of 224 x 224 pixels, measured on two cores with AMX.

    Attributes:
        step: Forward and backward pass through all layers.
        forward: Forward pass only.
    """

    step: float
    forward: float


@dataclass(frozen=True)
class Backbone:
    """Properties of a backbone that are known before it is built.

    Attributes:
        constructor: Name of the function in keras.applications.
        normalization: Input normalization of the published weights. "caffe" is blue, green, red with ImageNet's
            means subtracted, "centered" is -1 to 1 (Keras calls it "tf"), "inside" is done by the backbone's layers.
        min_image_size: Smallest width and height of its input, in pixels.
        layers: Number of layers without the top, including the input layer.
        outputs: Layers after which the backbone may end (`output_layer`), with the number of layers up to each,
            including the input layer.
        weights: Path below `BASE_URL` of the file of ImageNet weights without the top.
        md5: Checksum of that file; None if keras.applications has none.
        size: Size of that file, in bytes.
        pace: Measured pace by precision; None if it is not measured.
    """

    constructor: str
    normalization: BackboneNormalization
    min_image_size: int
    layers: int
    outputs: Mapping[str, int]
    weights: str
    md5: str | None
    size: int
    pace: Mapping[PacePrecision, Pace] | None

    @property
    def file(self) -> str:
        """Name of the file of weights."""
        return self.weights.rpartition("/")[2]


BACKBONES: Mapping[str, Backbone] = {
    "vgg16": Backbone(
        "VGG16",
        normalization="caffe",
        min_image_size=32,
        layers=19,
        outputs={"block1_pool": 4, "block2_pool": 7, "block3_pool": 11, "block4_pool": 15},
        weights="vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        md5="6d6bbae143d832006294945121d1f1fc",
        size=58_889_256,
        pace={"float32": Pace(310, 130), "mixed_bfloat16": Pace(88, 16)},  # estimated: four fifths of VGG19's
    ),
    "vgg19": Backbone(
        "VGG19",
        normalization="caffe",
        min_image_size=32,
        layers=22,
        outputs={"block1_pool": 4, "block2_pool": 7, "block3_pool": 12, "block4_pool": 17},
        weights="vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        md5="253f8cb515780f3b799900260a226db6",
        size=80_134_624,
        pace={"float32": Pace(394, 166), "mixed_bfloat16": Pace(110, 20)},
    ),
    "inception_v3": Backbone(
        "InceptionV3",
        normalization="centered",
        min_image_size=75,
        layers=311,
        outputs={
            "mixed0": 41,
            "mixed1": 64,
            "mixed2": 87,
            "mixed3": 101,
            "mixed4": 133,
            "mixed5": 165,
            "mixed6": 197,
            "mixed7": 229,
            "mixed8": 249,
            "mixed9": 280,
        },
        weights="inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        md5="bcbd6486424b2319ff4ef7d526e38f63",
        size=87_910_968,
        pace={"float32": Pace(110, 35), "mixed_bfloat16": Pace(65, 12)},
    ),
    "mobilenet_v2": Backbone(
        "MobileNetV2",
        normalization="centered",
        min_image_size=32,
        layers=154,
        outputs={"block_5_add": 54, "block_9_add": 90, "block_12_add": 116, "block_15_add": 143},
        weights="mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        md5=None,
        size=9_406_464,
        pace={"float32": Pace(45, 9), "mixed_bfloat16": Pace(47, 6)},
    ),
}
