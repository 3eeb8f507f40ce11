"""What is merged."""

from typing import Annotated

from pydantic import Field

from dermoscopy.core.params import Block, Count, Positive

NearDuplicates = Annotated[int, Field(ge=0, le=64)] | None


class Merge(Block):
    """The `merge` block.

    Attributes:
        lesions: Size of a random sample of lesions; null keeps all.
        seed: Of that sample.
        near_duplicates: Largest distance of two perceptual hashes, in bits of 256, that makes two
            lesions one group; null compares no looks.
    """

    lesions: Positive | None
    seed: Count
    near_duplicates: NearDuplicates
