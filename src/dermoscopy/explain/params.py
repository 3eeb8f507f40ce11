"""Parameters of the explain stage."""

from pydantic import Field

from dermoscopy.core.params import Block, Positive


class Explain(Block):
    """Parameters of the explain stage."""

    images: Positive = Field(description="Number of test images with activation maps and Grad-CAM.")
    layers: Positive = Field(
        description="Number of convolutional layers shown of each member, evenly spread from the first to the last. "
        "Paper: five of Inception V3."
    )
    inception_v3_layers: list[Positive] = Field(
        description="Layers shown of members with the backbone inception_v3 in place of these, by their numbers in "
        "keras.applications; an empty list shows evenly spread ones. Paper: 1, 4, 101, 200, 299."
    )
    channels: Positive = Field(description="Number of channels shown of each of these layers.")
    wrong: Positive = Field(description="Number of wrongly classified images shown of each label.")
    map_size: Positive = Field(
        description="Smallest width of a Grad-CAM map before it is enlarged, in pixels. The last feature map of a "
        "member that is as wide is used."
    )
    localized: Positive = Field(
        description="Largest number of test images whose Grad-CAM is compared with the mask of the lesion."
    )
