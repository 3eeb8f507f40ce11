"""How the test part is scored."""

from typing import Literal

from pydantic import Field

from dermoscopy.core.params import Block, Count, Positive, Share

Point = Literal["half", "balanced", "sensitive"]


class Evaluate(Block):
    """The `evaluate` block.

    Attributes:
        confidence: Of every interval.
        resamples: Bootstrap draws of lesions.
        seed: Of these draws.
        point: Operating point of the headline.
        prevalences: Shares of malignant lesions that predictive values are told for.
        bins: Of the reliability table, equally wide.
        thresholds: Of the sweep, equally far apart between 0 and 1.
    """

    confidence: Share
    resamples: Positive
    seed: Count
    point: Point
    prevalences: list[Share] = Field(min_length=1)
    bins: Positive
    thresholds: Positive
