"""How the members' probabilities become one."""

from typing import Literal

from pydantic import Field, field_validator

from dermoscopy.params.block import Block, Share
from dermoscopy.params.models import Member

Method = Literal["vote", "mean", "accuracy_weighted"]


class Ensemble(Block):
    """The `ensemble` block.

    Attributes:
        members: Which members count.
        method: "vote" is the share of members over the threshold, "mean" their mean probability,
            "accuracy_weighted" the mean weighted by each member's validation accuracy.
        threshold: Probability from which a lesion is called malignant.
    """

    members: list[Member] = Field(min_length=1)
    method: Method
    threshold: Share

    @field_validator("members")
    @classmethod
    def _once(cls, value: list[Member]) -> list[Member]:
        if len(set(value)) < len(value):
            raise ValueError("a member is named twice.")
        return value
