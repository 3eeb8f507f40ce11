"""Parameters of the simulated dataset."""

from typing import Self

from pydantic import Field, model_validator

from dermoscopy.core.params import Block, Count, Proportion, Rate


class Simulate(Block):
    """Parameters of the simulated dataset, used where data.source is simulated."""

    seed: Count = Field(description="Seed of the simulation.")
    lesions: int = Field(ge=20, description="Number of lesions, each with about 1.4 images.")
    malignant: Proportion = Field(
        description="Proportion of malignant lesions. HAM10000: 0.16; more here, so that the test split has enough "
        "malignant lesions."
    )
    repeated: Rate = Field(description="Proportion of lesions with more than one image. HAM10000: 0.26.")
    width: int = Field(ge=64, le=1200, description="Width of an image, in pixels. HAM10000: 600.")
    height: int = Field(ge=48, le=900, description="Height of an image, in pixels. HAM10000: 450.")
    separation: float = Field(
        gt=0,
        le=10,
        description="Distance between the mean latent scores of the two classes, in standard deviations. "
        "3.0 gives a best achievable ROC AUC of 0.98 within a camera.",
    )
    cameras: float = Field(
        ge=0,
        le=1,
        description="How much the four cameras differ in their look and in their proportion of malignant lesions. "
        "0: not at all. 1: in the proportions as the sources of HAM10000.",
    )
    noise: float = Field(
        ge=0, le=1, description="Strength of hair, uneven light, vignette and blur, from 0 (none) to 1 (strongest)."
    )

    @model_validator(mode="after")
    def _both_classes(self) -> Self:
        if not 1 <= round(self.malignant * self.lesions) < self.lesions:
            raise ValueError(
                f"malignant {self.malignant} of {self.lesions} lesions leaves one class without lesions: "
                "increase lesions, or choose malignant closer to 0.5."
            )
        return self
