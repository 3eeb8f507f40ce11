"""Parameters of the augment stage."""

from typing import Annotated

from pydantic import Field

from dermoscopy.core.params import Block, Rate

Balance = Annotated[float, Field(ge=0, le=1)]


class Augment(Block):
    """Parameters of the augment stage: augmented images of malignant lesions, written to files."""

    balance: Balance = Field(
        description="Number of malignant images, originals and augmented ones, for each benign image in train; "
        "0 makes no augmented images. Paper: 1."
    )
    scale: Rate = Field(
        description="Largest relative change of scale of an augmented image. Flips and rotations by 180 degrees are "
        "always made. Other changes mark augmented images, and all of them are malignant: a network may learn the mark "
        "instead of the lesion. training.augment changes images of both labels."
    )
    crop: Rate = Field(description="Largest fraction of width and height that is cropped.")
    translate: Rate = Field(description="Largest shift of an augmented image, as a fraction of its width and height.")
