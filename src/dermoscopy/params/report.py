"""What the report says of itself."""

from pydantic import Field

from dermoscopy.params.block import Block


class Report(Block):
    """The `report` block."""

    title: str = Field(min_length=1)
