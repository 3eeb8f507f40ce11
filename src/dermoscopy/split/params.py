"""How lesions are dealt to parts.

Which diagnoses are malignant.
"""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from dermoscopy.core.nearest import nearest_word
from dermoscopy.core.params import Block, Count, Share
from dermoscopy.ham10000.metadata import DIAGNOSES

Protocol = Literal["lesion", "image", "paper"]


class Split(Block):
    """The `split` block.

    Attributes:
        protocol: "lesion" keeps all photographs of a lesion in one part; "image" deals photographs at random;
            "paper" makes the copies first and deals originals and copies alike to train and one
            held-out part, which is val and test at once. The last two leak.
        seed: Of the draw; apart from the top-level seed, so that a second seed keeps the test part.
        val: Share of photographs in the validation part.
        test: Share of photographs in the test part.
        test_histo_only: Keep in the test part only lesions that histology confirmed.
    """

    protocol: Protocol
    seed: Count
    val: Share
    test: Share
    test_histo_only: bool

    @model_validator(mode="after")
    def _leaves_train(self) -> Self:
        if self.val + self.test >= 1:
            raise ValueError(
                f"val {self.val} and test {self.test} leave nothing to train on: they must sum to less than 1."
            )
        return self


class Policy(Block):
    """The `policy` block.

    Attributes:
        malignant: Diagnoses joined by "+", or as a list, which is joined.
    """

    malignant: str = Field(min_length=1)

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
                meant = nearest_word(name, DIAGNOSES)
                raise ValueError(
                    f"expected some of {', '.join(DIAGNOSES)}, joined by +; {name!r} is none of them."
                    + (f" Did you mean {meant}?" if meant else "")
                )
        if len(set(names)) < len(names):
            raise ValueError("a diagnosis is named twice.")
        if set(names) == set(DIAGNOSES):
            raise ValueError("at least one diagnosis has to be benign.")
        return value
