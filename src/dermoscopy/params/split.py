"""How lesions are dealt to parts."""

from typing import Self

from pydantic import model_validator

from dermoscopy.params.block import Block, Count, Share


class Split(Block):
    """The `split` block.

    Attributes:
        seed: Of the draw; apart from the top-level seed, so that a second seed keeps the test part.
        val: Share of photographs in the validation part.
        test: Share of photographs in the test part.
    """

    seed: Count
    val: Share
    test: Share

    @model_validator(mode="after")
    def _leaves_train(self) -> Self:
        if self.val + self.test >= 1:
            raise ValueError(
                f"val {self.val} and test {self.test} leave nothing to train on: they must sum to less than 1."
            )
        return self
