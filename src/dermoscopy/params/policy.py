"""Which diagnoses are malignant."""

from typing import Any

from pydantic import Field, field_validator

from dermoscopy.params.block import Block
from dermoscopy.params.nearest import nearest_word

DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


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
