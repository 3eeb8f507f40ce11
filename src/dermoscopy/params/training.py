"""What the training of all members shares."""

from typing import Literal

from dermoscopy.params.block import Block, Count, Positive, Rate

Monitor = Literal["val_accuracy", "val_loss", "val_roc_auc"]
LOWEST_IS_BEST: tuple[Monitor, ...] = ("val_loss",)
Schedule = Literal["constant", "cosine"]
Balance = Literal["none", "class_weights", "batches"]


class Augment(Block):
    """What is drawn anew for each photograph of each epoch.

    Attributes:
        flip: Chance of a flip, for each axis.
        quarter_turns: Turn by 0, 90, 180 or 270 degrees.
        zoom: Largest relative change of scale.
        shift: Largest shift, as a share of the side.
        brightness: Largest change, as a share of white.
        contrast: Largest relative change.
    """

    flip: Rate
    quarter_turns: bool
    zoom: Rate
    shift: Rate
    brightness: Rate
    contrast: Rate

    @property
    def changes(self) -> bool:
        """Whether it changes any photograph at all."""
        return any(self.model_dump().values())


class Training(Block):
    """The `training` block.

    Attributes:
        batch_size: Photographs a step.
        monitor: The validation metric that chooses the epoch whose weights are kept.
        patience: Epochs without a better one after which a phase ends; null trains them all.
        schedule: Of the learning rate within a phase; "cosine" falls to 0.
        warmup_epochs: In which the learning rate rises from 0 first.
        balance: How a rare label is made up for, beside or instead of copies.
        augment: Drawn anew each epoch.
    """

    batch_size: Positive
    monitor: Monitor
    patience: Positive | None
    schedule: Schedule
    warmup_epochs: Count
    balance: Balance
    augment: Augment
