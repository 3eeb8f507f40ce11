"""Where the photographs and the starting weights come from."""

from typing import Annotated, Literal

from pydantic import Field

from dermoscopy.params.block import Block

Source = Literal["simulated", "directory"]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="64 hexadecimal digits in lower case")]


class Weights(Block):
    """One set of starting weights.

    Attributes:
        source: "none", "imagenet" (what keras.applications publishes), or the path of a file.
        sha256: What the file must hash to, 64 hexadecimal digits; null accepts any.
    """

    source: str = Field(min_length=1)
    sha256: Sha256 | None


class Data(Block):
    """The `data` block."""

    source: Source
    path: str | None = Field(min_length=1)
    weights: dict[str, Weights]
