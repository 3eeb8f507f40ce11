"""How the test part is scored."""

from dermoscopy.params.block import Block, Count, Positive, Share


class Evaluate(Block):
    """The `evaluate` block.

    Attributes:
        confidence: Of every interval.
        resamples: Bootstrap draws of lesions.
        seed: Of these draws.
    """

    confidence: Share
    resamples: Positive
    seed: Count
