"""What keeps one honest: classifiers that see little or the wrong thing."""

from dermoscopy.core.params import Block, Positive, PositiveFloat


class Baselines(Block):
    """The `baselines` block.

    Attributes:
        regularization: Inverse strength (C) of the logistic regressions.
        thumbnail: Side of the thumbnail, in pixels.
        colour_size: Side of the square whose colours are counted, in pixels.
        quantiles: Colour quantiles a channel.
    """

    regularization: PositiveFloat
    thumbnail: Positive
    colour_size: Positive
    quantiles: Positive
