"""Who is told how a training goes."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from dermoscopy.training.curve import Epoch


class Watcher:
    """Hears of everything and does nothing; a subclass does what it likes of it."""

    def on_phase(self, place: int, trained: int) -> None:
        """Hear that the epochs of a phase begin.

        Args:
            place: Of the phase, from 0.
            trained: Its epochs that an earlier run trained.
        """

    def storing(self, photographs: int) -> AbstractContextManager[Callable[[int], None]]:
        """Hear that features are computed; what is yielded is called with how many photographs each batch held."""
        return nullcontext(lambda further: None)

    def on_step(self, step: int, loss: float) -> None:
        """Hear of a step, from 1 in its epoch."""

    def on_epoch(self, epoch: Epoch, chosen: bool) -> None:
        """Hear of an epoch, and whether it is the best so far."""
