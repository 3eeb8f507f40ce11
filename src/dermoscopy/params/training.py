"""What the training of all members shares."""

from typing import Literal

from dermoscopy.params.block import Block, Positive

Monitor = Literal["val_accuracy", "val_loss", "val_roc_auc"]


class Training(Block):
    """The `training` block.

    Attributes:
        batch_size: Photographs a step.
        monitor: The validation metric that chooses the epoch whose weights are kept.
    """

    batch_size: Positive
    monitor: Monitor
