"""Parameters of the merge stage."""

from typing import Annotated

from pydantic import Field

from dermoscopy.core.params import Block, Count, Positive

NearDuplicates = Annotated[int, Field(ge=0, le=64)] | None


class Merge(Block):
    """Parameters of the merge stage."""

    lesions: Positive | None = Field(description="Size of a random sample of lesions; null keeps all lesions.")
    seed: Count = Field(description="Seed of that sample.")
    near_duplicates: NearDuplicates = Field(
        description="Two lesions are put in one group if the perceptual hashes of two of their images differ in at "
        "most this many of 256 bits; null does not compare hashes."
    )
