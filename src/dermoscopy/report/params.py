"""Parameters of the report stage."""

from pydantic import Field

from dermoscopy.core.params import Block


class Report(Block):
    """Parameters of the report stage."""

    title: str = Field(min_length=1, description="Title of the report.")
    profile: str | None = Field(
        min_length=1,
        description="Name of the profile that the report shows. Each profile sets its own; null: no profile.",
    )
    image_width: int = Field(
        ge=200,
        le=4000,
        description="Largest width of an image in the report, in pixels. The report contains all its images, "
        "so larger ones make a larger file.",
    )
