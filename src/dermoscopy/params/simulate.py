"""The embedded archive."""

from pydantic import Field

from dermoscopy.params.block import Block, Count, Rate, Share


class Simulate(Block):
    """The `simulate` block."""

    seed: Count
    lesions: int = Field(ge=20)
    malignant: Share
    repeated: Rate
    width: int = Field(ge=64, le=1200)
    height: int = Field(ge=48, le=900)
    separation: float = Field(gt=0, le=10)
    noise: float = Field(ge=0, le=1)
