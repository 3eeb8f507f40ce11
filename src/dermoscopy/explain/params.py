"""Parameters of the explain stage."""

from pydantic import Field

from dermoscopy.core.params import Block, Positive


class Explain(Block):
    """Parameters of the explain stage."""

    images: Positive = Field(description="Number of test images with activation maps.")
    layers: Positive = Field(
        description="Number of convolutional layers shown of each member, evenly spread from the first to the last. "
        "Paper: five of Inception V3."
    )
    channels: Positive = Field(description="Number of channels shown of each of these layers.")
    wrong: Positive = Field(description="Number of wrongly classified images shown of each label.")
