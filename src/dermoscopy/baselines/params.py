"""Parameters of the baselines stage."""

from pathlib import Path

from pydantic import Field

from dermoscopy.core.params import Block, Positive, PositiveFloat

SOURCE = "source"  # a baseline that exists only if the dataset names the sources of the images
BASELINES = ("prevalence", "age_sex_site", "colours", "thumbnail", SOURCE, "dx_type")


def predicted_baselines(folder: Path) -> list[str]:
    """Return the names of the baselines, without `SOURCE` if it was not predicted.

    Args:
        folder: data/baselines/<split>.
    """
    return [name for name in BASELINES if name != SOURCE or (folder / f"{name}.csv").exists()]


class Baselines(Block):
    """Parameters of the baselines stage."""

    regularization: PositiveFloat = Field(
        description="Inverse strength (C) of the L2 penalty of the logistic regressions."
    )
    thumbnail: Positive = Field(description="Width and height of the thumbnail, in pixels.")
    colour_size: Positive = Field(
        description="Width and height to which an image is reduced before its colour quantiles are computed, in pixels."
    )
    quantiles: Positive = Field(description="Number of colour quantiles of each channel.")
