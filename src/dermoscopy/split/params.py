"""Parameters of the split stage: which diagnoses are malignant, and how images are assigned to splits."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from dermoscopy.core.params import Block, Count, Proportion
from dermoscopy.core.suggestions import did_you_mean
from dermoscopy.ham10000.words import DIAGNOSES

Protocol = Literal["lesion", "image", "paper"]


class Split(Block):
    """Parameters of the split stage."""

    protocol: Protocol = Field(
        description="lesion: all images of a lesion are in one split. image: images are assigned at random. paper: "
        "images are augmented first, then originals and augmented images are assigned at random to train and to one "
        "held-out split that serves as val and test. The last two leak: use them to measure how much leakage inflates "
        "the metrics."
    )
    seed: Count = Field(
        description="Seed of the assignment. It is separate from the top-level seed, so that a run with another seed "
        "has the same test split."
    )
    val: Proportion = Field(
        description="Proportion of images in val. Paper: about 0.1 held out, for both model selection and test."
    )
    test: Proportion = Field(description="Proportion of images in test.")
    test_histo_only: bool = Field(
        description="Keep only lesions confirmed by histology in test; lesions confirmed in another way, such as "
        "follow-up, are left out."
    )

    held_out: str | None = Field(
        min_length=1,
        description="Source of the images (a value of the column dataset) that is test, for the question how well the "
        "ensemble works in a new clinic; all other sources are train and val, and split.test has no effect. Only with "
        "the protocol lesion. null: every source is in every split.",
    )

    @model_validator(mode="after")
    def _holds_out_by_lesion(self) -> Self:
        if self.held_out is not None and self.protocol != "lesion":
            raise ValueError(f"held_out {self.held_out!r} needs the protocol lesion; received {self.protocol}.")
        return self

    @model_validator(mode="after")
    def _leaves_train(self) -> Self:
        if self.val + self.test >= 1:
            raise ValueError(
                f"val {self.val} and test {self.test} leave nothing to train on: they must sum to less than 1."
            )
        return self


class Policy(Block):
    """Definition of malignant."""

    malignant: str = Field(
        min_length=1,
        description="Malignant diagnoses, joined by +. Paper: its numbers need mel+bcc+akiec, its text names mel+bcc.",
    )

    @field_validator("malignant", mode="before")
    @classmethod
    def _joined(cls, value: Any) -> Any:
        return "+".join(value) if isinstance(value, list) and all(isinstance(name, str) for name in value) else value

    @field_validator("malignant")
    @classmethod
    def _known(cls, value: str) -> str:
        names = value.split("+")
        for name in names:
            if name not in DIAGNOSES:
                raise ValueError(
                    f"expected some of {', '.join(DIAGNOSES)}, joined by +; {name!r} is none of them."
                    + did_you_mean(name, DIAGNOSES)
                )
        if len(set(names)) < len(names):
            raise ValueError("name each diagnosis once.")
        if set(names) == set(DIAGNOSES):
            raise ValueError("at least one diagnosis must be benign; remove one.")
        return value
