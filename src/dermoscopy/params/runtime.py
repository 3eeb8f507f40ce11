"""How the machine is used."""

from typing import Literal

from dermoscopy.params.block import Block, Positive, PositiveFloat

Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]


class Runtime(Block):
    """The `runtime` block.

    Attributes:
        threads: For TensorFlow; other counts give other bytes.
        precision: Of the arithmetic; the output stays in float32. "auto" is what the machine does well.
        eager: Run Keras without graphs: tracing costs more than a few steps save.
        devices: Graphics cards a member trains on; without any, logical parts of the processor.
        memory: Gigabytes that the photographs of a part, or the stored features, may take.
    """

    threads: Positive
    precision: Precision | Literal["auto"]
    eager: bool
    devices: Positive
    memory: PositiveFloat
