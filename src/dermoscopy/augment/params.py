"""Offline copies of malignant photographs."""

from typing import Annotated

from pydantic import Field

from dermoscopy.core.params import Block, Rate

Balance = Annotated[float, Field(ge=0, le=1)]


class Augment(Block):
    """The `augment` block.

    Attributes:
        balance: Malignant rows wanted for each benign one in train; 0 makes no copies.
        flip: Chance of a flip, for each axis.
        rotate: Chance of a rotation by 180 degrees.
        scale: Largest relative change of scale.
        crop: Largest share of each side that is cut away.
        translate: Largest shift, as a share of the side.
        quality: JPEG quality of a copy.
    """

    balance: Balance
    flip: float = Field(ge=0, le=1)
    rotate: float = Field(ge=0, le=1)
    scale: Rate
    crop: Rate
    translate: Rate
    quality: int = Field(ge=1, le=100)
