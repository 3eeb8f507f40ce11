"""The backbones of keras.applications a member can be built over."""

from dataclasses import dataclass
from typing import Literal

OwnNormalization = Literal["caffe", "centered"]


@dataclass(frozen=True)
class Backbone:
    """What one has to know of a backbone before it is built.

    Attributes:
        constructor: Its name in keras.applications.
        normalization: What its published weights were trained with: "caffe" is blue, green, red with
            ImageNet's means subtracted, "centered" is -1 to 1 (Keras calls it "tf").
        min_side: Smallest square it takes, in pixels.
        layers: How many it has without its top, its input counted.
    """

    constructor: str
    normalization: OwnNormalization
    min_side: int
    layers: int


BACKBONES = {
    "vgg16": Backbone("VGG16", "caffe", min_side=32, layers=19),
    "vgg19": Backbone("VGG19", "caffe", min_side=32, layers=22),
    "inception_v3": Backbone("InceptionV3", "centered", min_side=75, layers=311),
    "mobilenet_v2": Backbone("MobileNetV2", "centered", min_side=32, layers=154),
}
