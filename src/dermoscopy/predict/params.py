"""Parameters of the predict stage."""

from pydantic import Field

from dermoscopy.core.params import Block, Positive


class Predict(Block):
    """Parameters of the predict stage."""

    turns_and_flips: bool = Field(
        description="Predict the eight views of an image, which are its quarter turns, mirrored or not, and take the "
        "mean of the probabilities (test-time augmentation). This takes eight times as long."
    )
    batch_size: Positive = Field(
        description="Number of images predicted at a time. It changes no probability beyond rounding."
    )
