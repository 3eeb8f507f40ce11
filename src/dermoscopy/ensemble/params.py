"""How the members' probabilities become one."""

from typing import Literal

from pydantic import Field, field_validator

from dermoscopy.core.params import Block, PositiveFloat, Share

Method = Literal["vote", "mean", "accuracy_weighted", "log_loss_weighted", "stacking"]


class Ensemble(Block):
    """The `ensemble` block.

    Attributes:
        members: Which members count.
        method: "vote" is the share of members over the threshold, "mean" their mean probability,
            "accuracy_weighted" the mean weighted by each member's validation accuracy,
            "log_loss_weighted" the mean under the weights of the lowest log loss, "stacking" a logistic
            regression on the members' log-odds; all of them of all members. "chosen" is whichever of
            these but the vote, which knows a few probabilities only, does best on val, of any members.
        threshold: Probability, before calibration, from which a lesion is called malignant.
        fallback: Largest p of the paired test on val at which the ensemble stays; above it the best
            member stands in. None: the ensemble always stays.
        folds: Parts of val in turn left out, when ways to combine are compared.
        regularization: Inverse strength (C) of stacking's penalty.
        calibration: "temperature" is a slope on the log-odds, "platt" a slope and a shift.
        sensitivity: Share of malignant lesions that the operating point "sensitive" is to find.
        coverage: Share of each label's lesions whose set is to hold their label.
    """

    members: list[str] = Field(min_length=1)
    method: Literal["chosen"] | Method
    threshold: Share
    fallback: Share | None
    folds: int = Field(ge=2)
    regularization: PositiveFloat
    calibration: Literal["none", "temperature", "platt"]
    sensitivity: Share
    coverage: Share

    @field_validator("members")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("a member is named twice.")
        return value
