"""How lesions are dealt to parts."""

from typing import Literal, Self

from pydantic import model_validator

from dermoscopy.params.block import Block, Count, Share

Protocol = Literal["lesion", "image", "paper"]


class Split(Block):
    """The `split` block.

    Attributes:
        protocol: "lesion" keeps all photographs of a lesion in one part; "image" deals photographs at random;
            "paper" makes the copies first and deals originals and copies alike to train and one
            held-out part, which is val and test at once. The last two leak.
        seed: Of the draw; apart from the top-level seed, so that a second seed keeps the test part.
        val: Share of photographs in the validation part.
        test: Share of photographs in the test part.
        test_histo_only: Keep in the test part only lesions that histology confirmed.
    """

    protocol: Protocol
    seed: Count
    val: Share
    test: Share
    test_histo_only: bool

    @model_validator(mode="after")
    def _leaves_train(self) -> Self:
        if self.val + self.test >= 1:
            raise ValueError(
                f"val {self.val} and test {self.test} leave nothing to train on: they must sum to less than 1."
            )
        return self
