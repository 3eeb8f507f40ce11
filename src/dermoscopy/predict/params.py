"""Parameters of the predict stage."""

from pydantic import Field

from dermoscopy.core.params import Block, Positive


class Predict(Block):
    """Parameters of the predict stage."""

    batch_size: Positive = Field(
        description="Number of images predicted at a time. It changes no probability beyond rounding."
    )
