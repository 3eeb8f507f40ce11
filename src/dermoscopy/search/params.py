"""Parameters of the search stage."""

from typing import Annotated, TypeVar

from pydantic import Field, field_validator

from dermoscopy.core.params import Block, MemberList, Positive
from dermoscopy.networks.params import (
    ConvLayers,
    DenseLayers,
    Dropout,
    Filters,
    ImageSize,
    KernelInitializer,
    KernelSize,
    LearningRate,
    NetworkOptimizer,
    Padding,
    Pooling,
    PoolSize,
    Units,
)

MAX_TRIALS = 10_000  # sample size, whatever the number of trials: see `samples` in search/space.py

SCHEDULER = r"^(tcp|tls|ucx|wss?)://\S+:\d+$"  # address of a Dask scheduler
Address = Annotated[str, Field(pattern=SCHEDULER, json_schema_extra={"expected": "an address such as tcp://host:8786"})]

T = TypeVar("T")
Values = Annotated[list[T], Field(min_length=1)]


class Space(Block):
    """Values to sample from, one list for each parameter of a small CNN."""

    conv_layers: Values[ConvLayers]
    filters: Values[Filters]
    kernel_size: Values[KernelSize]
    padding: Values[Padding]
    pooling: Values[Pooling]
    pool_size: Values[PoolSize]
    dense_layers: Values[DenseLayers]
    units: Values[Units]
    dropout: Values[Dropout]
    initializer: Values[KernelInitializer]
    optimizer: Values[NetworkOptimizer]
    learning_rate: Values[LearningRate]


class Configuration(Block):
    """One value for each parameter of a small CNN."""

    conv_layers: ConvLayers
    filters: Filters
    kernel_size: KernelSize
    padding: Padding
    pooling: Pooling
    pool_size: PoolSize
    dense_layers: DenseLayers
    units: Units
    dropout: Dropout
    initializer: KernelInitializer
    optimizer: NetworkOptimizer
    learning_rate: LearningRate


class Known(Block):
    """The paper's two small CNNs."""

    paper_a: Configuration
    paper_b: Configuration


class Search(Block):
    """Parameters of the search stage: small CNNs sampled from the space in which the paper found its two."""

    epochs: Positive = Field(description="Largest number of epochs of a trial.")
    image_size: ImageSize = Field(
        description="Width and height to which images are resized, in pixels. Three convolutions with padding valid, "
        "kernel size 3 and pooling 3, as in CNN A, need at least 53."
    )
    halving: Annotated[int, Field(ge=2)] | None = Field(
        description="Successive halving: all trials train for few epochs; the best 1/halving of them train for "
        "halving times as many, and so on. null trains each trial to the end."
    )
    promote: MemberList = Field(
        description="Members of kind small_cnn that data/search/best.yaml replaces with the best trials, the best "
        "trial first."
    )
    jobs: Positive = Field(
        description="Number of trials run at the same time, each in a process with one thread. It does not change the "
        "results."
    )
    scheduler: Address | None = Field(
        description="Address of a Dask scheduler whose workers run the trials, such as tcp://host:8786; null runs them "
        "on this machine."
    )
    known: Known = Field(description="Configurations that are tried in addition to the sampled ones.")
    space: Space = Field(
        description="Values from which configurations are sampled without replacement. Configurations whose feature "
        "map would be empty at image_size are not sampled."
    )
    trials: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = Field(
        description="Number of sampled configurations. The first ones stay the same when the number is raised."
    )

    @field_validator("promote")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("name each member once.")
        return value
