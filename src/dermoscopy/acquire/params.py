"""Where the photographs and the starting weights come from."""

from typing import Annotated, Literal

from pydantic import Field

from dermoscopy.core.params import Block, Positive, PositiveFloat

Source = Literal["simulated", "directory", "download"]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="64 hexadecimal digits in lower case")]


class Weights(Block):
    """One set of starting weights.

    Attributes:
        source: "none", "imagenet" (what keras.applications publishes), or the path of a file.
        sha256: What the file must hash to, 64 hexadecimal digits; null accepts any.
    """

    source: str = Field(min_length=1)
    sha256: Sha256 | None


class Limits(Block):
    """What an archive may hold before it is refused unread.

    Attributes:
        pixels: Of one photograph, width times height.
        unpacked: Of all that is taken out of zips, in gigabytes.
    """

    pixels: Positive
    unpacked: PositiveFloat


class Data(Block):
    """The `data` block.

    Attributes:
        source: "simulated" (the embedded archive), "directory" (HAM10000 in `path`) or "download".
        path: The folder or zip file that holds HAM10000; null where none is needed.
        strict: Refuse an archive with anything wrong in it; if not, go on with its sound part.
        limits: What is refused unread.
        weights: Starting weights, by the name a member gives.
    """

    source: Source
    path: str | None = Field(min_length=1)
    strict: bool
    limits: Limits
    weights: dict[str, Weights]
