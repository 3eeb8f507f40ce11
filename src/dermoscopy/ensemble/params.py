"""Parameters of the ensemble stage."""

from typing import Literal, get_args

from pydantic import Field

from dermoscopy.core.params import Block, MemberList, PositiveFloat, Proportion

Method = Literal["vote", "mean", "accuracy_weighted", "log_loss_weighted", "stacking"]
METHODS: tuple[Method, ...] = get_args(Method)
SINGLE: Literal["single"] = "single"  # the method of a single member

CONFIDENCE = 0.95  # of the intervals on val; evaluate.confidence is for the test split


class Ensemble(Block):
    """Parameters of the ensemble stage."""

    members: MemberList = Field(description="Members that are combined.")
    method: Literal["chosen"] | Method = Field(
        description="How the members' probabilities are combined. vote: proportion of members above the threshold. "
        "mean: their mean. accuracy_weighted: mean weighted by accuracy on val (the paper compares these three and "
        "keeps this one). log_loss_weighted: mean with the weights of the lowest log loss on val. stacking: logistic "
        "regression on the members' logits. chosen: best on val of these methods with any of the members, except vote, "
        "which has too few distinct values to set a threshold."
    )
    threshold: Proportion = Field(
        description="Threshold of the operating point half, applied to the probability before calibration. Paper: 0.5."
    )
    fallback: Proportion | None = Field(
        description="Largest p-value of the paired test on val with which the ensemble replaces the best member; "
        "otherwise the best member is used. null always uses the ensemble, as the paper does."
    )
    folds: int = Field(ge=2, description="Number of cross-validation folds on val when methods are compared.")
    regularization: PositiveFloat = Field(description="Inverse strength (C) of the L2 penalty of stacking.")
    calibration: Literal["none", "temperature", "platt"] = Field(
        description="Calibration of the combined probability on val. none: not calibrated. temperature: scales the "
        "logit. platt: scales and shifts the logit. Members are trained on as many malignant as benign images, so "
        "their probabilities are too high: only a shift corrects that."
    )
    sensitivity: Proportion = Field(
        description="Sensitivity at which the operating point sensitive aims. On new lesions it may miss the aim."
    )
    coverage: Proportion = Field(
        description="Proportion of each label's lesions whose conformal set (benign, malignant or refer) is to "
        "contain that label."
    )
