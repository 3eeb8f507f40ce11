"""Parameters of the acquire stage: where the images and the starting weights come from."""

from typing import Annotated, Literal

from pydantic import Field

from dermoscopy.core.params import Block, Positive, PositiveFloat

Source = Literal["simulated", "directory", "download"]
Sha256 = Annotated[
    str, Field(pattern="^[0-9a-f]{64}$", json_schema_extra={"expected": "64 hexadecimal digits in lower case"})
]


class Weights(Block):
    """A set of starting weights."""

    source: str = Field(
        min_length=1,
        description="none, imagenet (the weights that keras.applications publishes), or the path of a file.",
    )
    sha256: Sha256 | None = Field(description="SHA-256 of the file of weights; null accepts any file.")


class Limits(Block):
    """Sizes above which data are refused before they are read."""

    pixels: Positive = Field(
        description="Largest number of pixels of an image; a larger one is not decoded. HAM10000: 270,000."
    )
    unpacked: PositiveFloat = Field(description="Largest total size of unpacked zip files, in GB. HAM10000: 2.8.")


class Data(Block):
    """Source of the dataset and of the starting weights."""

    source: Source = Field(
        description="Dataset. simulated: synthetic images. directory: HAM10000 in data.path. download: HAM10000 from "
        "the Harvard Dataverse, 2.8 GB."
    )
    path: str | None = Field(
        min_length=1,
        description="Folder that contains HAM10000_images_part_1, HAM10000_images_part_2 and HAM10000_metadata.csv, "
        "or their zip files; or a single zip file. Needed only if data.source is directory.",
    )
    strict: bool = Field(
        description="true: stop if anything is wrong with the dataset. false: continue with its valid images and "
        "report what was left out."
    )
    limits: Limits
    weights: dict[str, Weights] = Field(description="Starting weights. A member names one of them in its key weights.")
