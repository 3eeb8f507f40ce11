"""Parameters of the evaluate stage."""

from typing import Literal

from pydantic import Field

from dermoscopy.core.params import Block, Count, Positive, Proportion

Point = Literal["half", "balanced", "sensitive"]


class Evaluate(Block):
    """Parameters of the evaluate stage."""

    confidence: Proportion = Field(description="Confidence level of all intervals.")
    resamples: Positive = Field(description="Number of bootstrap resamples of the lesions.")
    seed: Count = Field(description="Seed of the bootstrap.")
    point: Point = Field(
        description="Operating point of the headline metrics. balanced: highest balanced accuracy on val. "
        "sensitive: aims at ensemble.sensitivity. half: ensemble.threshold, the paper's 0.5; "
        "members whose probabilities are all below it have sensitivity 0."
    )
    prevalences: list[Proportion] = Field(
        min_length=1,
        description="Proportions of malignant lesions for which predictive values are computed.",
    )
    bins: Positive = Field(description="Number of equally wide bins of the probabilities.")
    thresholds: Positive = Field(
        description="Number of thresholds of the sweep and the decision curves, evenly spaced between 0 and 1."
    )
