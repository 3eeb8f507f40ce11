"""The random grid search and its space."""

from typing import Annotated, Literal

from pydantic import Field

from dermoscopy.core.params import Block, Count, Positive, PositiveFloat, Rate
from dermoscopy.networks.params import Initializer, Optimizer, Side

MOST_TRIALS = 10_000  # so many are always drawn, and the first of them tried: see `search.space`

Padding = Literal["valid", "same"]
Pooling = Literal["max", "average"]
SCHEDULER = r"^(tcp|tls|ucx|wss?)://\S+:\d+$"  # as Dask takes them
Address = Annotated[str, Field(pattern=SCHEDULER, description="an address such as tcp://host:8786")]


class Space(Block):
    """The values tried, one list for each key of a small CNN."""

    conv_layers: Annotated[list[Positive], Field(min_length=1)]
    filters: Annotated[list[Positive], Field(min_length=1)]
    kernel_size: Annotated[list[Positive], Field(min_length=1)]
    padding: Annotated[list[Padding], Field(min_length=1)]
    pooling: Annotated[list[Pooling], Field(min_length=1)]
    pool_size: Annotated[list[Positive], Field(min_length=1)]
    dense_layers: Annotated[list[Count], Field(min_length=1)]
    units: Annotated[list[Positive], Field(min_length=1)]
    dropout: Annotated[list[Rate], Field(min_length=1)]
    initializer: Annotated[list[Initializer], Field(min_length=1)]
    optimizer: Annotated[list[Optimizer], Field(min_length=1)]
    learning_rate: Annotated[list[PositiveFloat], Field(min_length=1)]


class Configuration(Block):
    """A point of the space: one value for each key of a small CNN."""

    conv_layers: Positive
    filters: Positive
    kernel_size: Positive
    padding: Padding
    pooling: Pooling
    pool_size: Positive
    dense_layers: Count
    units: Positive
    dropout: Rate
    initializer: Initializer
    optimizer: Optimizer
    learning_rate: PositiveFloat


class Known(Block):
    """What is tried beside the draws: the paper's two finds."""

    paper_a: Configuration
    paper_b: Configuration


class Search(Block):
    """The `search` block.

    Attributes:
        epochs: How long a trial trains at most.
        image_size: Side of the square a trial is fed, in pixels.
        halving: Only the best 1/halving go on to halving times as many epochs; null trains all to the end.
        promote: Members that the best trials are written as, the best one first.
        jobs: Trials at a time, each in a process and a thread of its own; says nothing about their results.
        scheduler: Address of a Dask scheduler whose workers do them instead.
        known: Tried beside the draws.
        space: What is drawn from.
        trials: How many are drawn.
    """

    epochs: Positive
    image_size: Side
    halving: Annotated[int, Field(ge=2)] | None
    promote: Annotated[list[str], Field(min_length=1)]
    jobs: Positive
    scheduler: Address | None
    known: Known
    space: Space
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)]
