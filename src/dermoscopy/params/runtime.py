"""How the machine is used."""

from typing import Literal

from dermoscopy.params.block import Block, Positive


class Runtime(Block):
    """The `runtime` block.

    Attributes:
        threads: For TensorFlow; other counts give other bytes.
        precision: Of the arithmetic; the output stays in float32.
        eager: Run Keras without graphs: tracing costs more than a few steps save.
    """

    threads: Positive
    precision: Literal["float32", "mixed_bfloat16"]
    eager: bool
