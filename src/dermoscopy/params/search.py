"""The random grid search and its space."""

from typing import Annotated, Literal

from pydantic import Field

from dermoscopy.params.block import Block, Count, Positive, PositiveFloat, Rate
from dermoscopy.params.models import Initializer, Side
from dermoscopy.params.optimizers import Optimizer


class Space(Block):
    """The values tried, one list for each key of a small CNN."""

    conv_layers: Annotated[list[Positive], Field(min_length=1)]
    filters: Annotated[list[Positive], Field(min_length=1)]
    kernel_size: Annotated[list[Positive], Field(min_length=1)]
    padding: Annotated[list[Literal["valid", "same"]], Field(min_length=1)]
    pooling: Annotated[list[Literal["max", "average"]], Field(min_length=1)]
    pool_size: Annotated[list[Positive], Field(min_length=1)]
    dense_layers: Annotated[list[Count], Field(min_length=1)]
    units: Annotated[list[Positive], Field(min_length=1)]
    dropout: Annotated[list[Rate], Field(min_length=1)]
    initializer: Annotated[list[Initializer], Field(min_length=1)]
    optimizer: Annotated[list[Optimizer], Field(min_length=1)]
    learning_rate: Annotated[list[PositiveFloat], Field(min_length=1)]


class Search(Block):
    """The `search` block."""

    trials: Positive
    epochs: Positive
    image_size: Side
    space: Space
