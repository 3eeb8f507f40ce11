"""Parameters of the suitability stage."""

from pydantic import Field

from dermoscopy.core.params import Block, Positive, Rate


class Suitability(Block):
    """Parameters of the suitability stage: when an image is not suitable for the ensemble."""

    min_size: Positive = Field(
        description="Smallest width and height of a suitable image, in pixels. If train or val have smaller images, "
        "the smallest of these counts."
    )
    extreme: Rate = Field(
        description="Proportion of the images of train and val beyond each limit of brightness, sharpness, noise and "
        "contrast."
    )
    unlike: Rate = Field(description="Proportion of the images of val whose distance from those of train is too large.")
