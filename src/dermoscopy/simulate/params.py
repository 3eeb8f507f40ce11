"""The embedded archive."""

from typing import Self

from pydantic import Field, model_validator

from dermoscopy.core.params import Block, Count, Rate, Share


class Simulate(Block):
    """The `simulate` block.

    Attributes:
        seed: Of everything that is drawn.
        lesions: How many; about 1.4 photographs each.
        malignant: Share of them.
        repeated: Share of lesions photographed more than once.
        width: Of a photograph, in pixels.
        height: Likewise.
        separation: Distance of the two classes' mean latent scores, in their standard deviation.
        noise: How strongly hair, light, vignette and blur disturb, from 0 to 1.
    """

    seed: Count
    lesions: int = Field(ge=20)
    malignant: Share
    repeated: Rate
    width: int = Field(ge=64, le=1200)
    height: int = Field(ge=48, le=900)
    separation: float = Field(gt=0, le=10)
    noise: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _both_classes(self) -> Self:
        if not 1 <= round(self.malignant * self.lesions) < self.lesions:
            raise ValueError(f"malignant {self.malignant} of {self.lesions} lesions leaves one class without any")
        return self
