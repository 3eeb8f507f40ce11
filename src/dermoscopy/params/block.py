"""What all blocks of params.yaml share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

GIGABYTE = 10**9  # in bytes

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
Rate = Annotated[float, Field(ge=0, lt=1)]


class Block(BaseModel):
    """A block of params.yaml: its keys are closed, its values keep their types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
