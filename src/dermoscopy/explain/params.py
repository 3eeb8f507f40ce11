"""What is drawn of the members' inner life."""

from dermoscopy.core.params import Block, Positive


class Explain(Block):
    """The `explain` block.

    Attributes:
        photographs: How many of the test part get activation maps.
        layers: How many convolutions, from first to last, are drawn of each member.
        channels: How many of a layer's channels are drawn.
        wrong: How many wrongly classified photographs are shown of each label.
    """

    photographs: Positive
    layers: Positive
    channels: Positive
    wrong: Positive
