"""How probabilities are computed."""

from dermoscopy.core.params import Block, Positive


class Predict(Block):
    """The `predict` block.

    Attributes:
        batch_size: Photographs at a time; changes no probability beyond rounding.
    """

    batch_size: Positive
