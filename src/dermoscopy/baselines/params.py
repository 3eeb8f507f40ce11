"""Parameters of the baselines stage."""

from pydantic import Field

from dermoscopy.core.params import Block, Positive, PositiveFloat

BASELINES = ("prevalence", "age_sex_site", "colours", "thumbnail", "dx_type")


class Baselines(Block):
    """Parameters of the baselines stage."""

    regularization: PositiveFloat = Field(
        description="Inverse strength (C) of the L2 penalty of the logistic regressions."
    )
    thumbnail: Positive = Field(description="Width and height of the thumbnail, in pixels.")
    colour_size: Positive = Field(
        description="Width and height to which an image is reduced before its colour quantiles are computed, in pixels."
    )
    quantiles: Positive = Field(description="Number of colour quantiles of each channel.")
