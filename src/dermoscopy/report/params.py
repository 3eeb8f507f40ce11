"""What the report says of itself."""

from pydantic import Field

from dermoscopy.core.params import Block


class Report(Block):
    """The `report` block.

    Attributes:
        title: Of the page.
        picture_width: Of the pictures in the page, in pixels at most; the page holds them all.
    """

    title: str = Field(min_length=1)
    picture_width: int = Field(ge=200, le=4000)
