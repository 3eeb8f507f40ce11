"""What is merged."""

from dermoscopy.params.block import Block, Count, Positive


class Merge(Block):
    """The `merge` block.

    Attributes:
        lesions: Size of a random sample of lesions; null keeps all.
        seed: Of that sample.
    """

    lesions: Positive | None
    seed: Count
