"""What a user is told while a member trains."""

import logging
import time

from dermoscopy.progress import SECONDS_BETWEEN_LINES, duration
from dermoscopy.training.curve import Epoch


class Progress:
    """A line an epoch, and within a long epoch a line now and then.

    Args:
        member: Who trains.
        epochs: How many there are to come.
        photographs: Seen each epoch.
        batch_size: Photographs a step.
        logger: Where the lines go.
    """

    def __init__(self, member: str, epochs: int, photographs: int, batch_size: int, logger: logging.Logger) -> None:
        self.member = member
        self.epochs = epochs
        self.photographs = photographs
        self.batch_size = batch_size
        self.steps = -(-photographs // batch_size)
        self.logger = logger
        self.start = self.epoch_start = self.last_line = time.monotonic()
        self.done = 0

    def step(self, step: int, loss: float) -> None:
        """Count a step of the current epoch, from 1."""
        now = time.monotonic()
        if now - self.last_line < SECONDS_BETWEEN_LINES or step == self.steps:
            return
        self.last_line = now
        rate = step * self.batch_size / (now - self.epoch_start)
        self.logger.info(
            "%s epoch %d/%d, step %d/%d: loss %.4f, %.1f images/s, %s left in this epoch",
            *(self.member, self.done + 1, self.epochs, step, self.steps, loss, rate),
            duration((self.photographs - step * self.batch_size) / rate),
        )

    def epoch(self, epoch: Epoch, *, chosen: bool) -> None:
        """Count an epoch."""
        now = time.monotonic()
        rate = self.photographs / (now - self.epoch_start)
        self.done += 1
        left = (now - self.start) / self.done * (self.epochs - self.done)
        self.logger.info(
            "%s epoch %d/%d: loss %.4f, accuracy %.4f, val loss %.4f, val accuracy %.4f, %.1f images/s, %s left%s",
            *(self.member, self.done, self.epochs, epoch.train_loss, epoch.train_accuracy),
            *(epoch.val_loss, epoch.val_accuracy, rate, duration(left), ", best so far" if chosen else ""),
        )
        self.epoch_start = self.last_line = now
