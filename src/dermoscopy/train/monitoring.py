"""What a user is told while a member trains: one line for the whole stage, and one for each epoch that ended.

DVCLive's folder of a member: its curves while it trains, the chosen epoch and its ROC curve.

Who is told how a training goes.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import roc_curve
from dermoscopy.core.progress import display, duration
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.phases import Phase


@contextmanager
def training_progress(
    member: str, phases: Sequence[Phase], images: int, batch_size: int, logger: logging.Logger, *, done: int = 0
) -> Iterator["Progress"]:
    """Show how far a member's training has come, until the block ends.

    Args:
        member: Who trains.
        phases: All of them, in order.
        images: Seen each epoch.
        batch_size: Images a step.
        logger: Where lines go.
        done: Epochs, of all phases, that an earlier run trained before it was killed.
    """
    with display(member, logger) as show:
        yield Progress(member, phases, images, batch_size, logger, show, done)


class Progress:
    """Count steps and epochs, and tell the speed and the time left of all that is still to come.

    `begin` a phase, then `step` after each batch and `epoch` after each epoch.
    """

    def __init__(
        self,
        member: str,
        phases: Sequence[Phase],
        images: int,
        batch_size: int,
        logger: logging.Logger,
        show: Callable[[float, str], None],
        done: int,
    ) -> None:
        self.member = member
        self.phases = phases
        self.images = images
        self.batch_size = batch_size
        self.steps = -(-images // batch_size)
        self.logger = logger
        self.show = show
        self.done = done
        self.place = self.before = 0  # the phase, and the epochs before it
        self.epoch_seconds: float | None = None  # of the phase's last epoch
        self.rate = 0.0
        self.spent, self.seen = 0.0, 0
        self.epoch_start = self.first_step = time.monotonic()

    @property
    def images_per_second(self) -> float:
        """Images a second over this run's epochs, validation included; 0 before the first has ended."""
        return self.seen / self.spent if self.spent else 0.0

    def begin(self, place: int, trained: int = 0) -> None:
        """Begin a phase; those before it are over, however many epochs they took.

        Args:
            place: Of the phase, from 0.
            trained: Its epochs that an earlier run trained.
        """
        self.place, self.before = place, self.done - trained
        self.epoch_seconds = None
        self.epoch_start = time.monotonic()

    def step(self, step: int, loss: float) -> None:
        """Count a step of the current epoch, from 1."""
        now = time.monotonic()
        if step == 1:
            # A graph is built within the first step, which says nothing of the speed.
            self.first_step = now
            return
        seen = min(step * self.batch_size, self.images)
        self.rate = (seen - self.batch_size) / max(now - self.first_step, 1e-9)
        left = (self.images - seen) / self.rate
        left += (self._total - self.done - 1) * (self.epoch_seconds or self.images / self.rate)
        words = f"epoch {self.done + 1}/{self._total}, step {step}/{self.steps}, {self._speed(left)}, loss {loss:.4f}"
        self.show((self.done + step / self.steps) / self._total, words)

    def epoch(self, epoch: Epoch, *, chosen: bool) -> None:
        """Count an epoch that has ended."""
        now = time.monotonic()
        self.epoch_seconds = max(now - self.epoch_start, 1e-9)
        self.epoch_start = now
        self.spent += self.epoch_seconds
        self.seen += self.images
        self.done += 1
        if self.steps == 1:
            self.rate = self.images / self.epoch_seconds
        speed = self._speed((self._total - self.done) * self.epoch_seconds)
        self.show(self.done / self._total, f"epoch {self.done}/{self._total}, {speed}")
        self.logger.info(
            "%s epoch %d/%d: loss %.4f, accuracy %.4f, val loss %.4f, val accuracy %.4f, val ROC AUC %.4f, %s%s",
            *(self.member, self.done, self._total, epoch.train_loss, epoch.train_accuracy),
            *(epoch.val_loss, epoch.val_accuracy, epoch.val_roc_auc, speed, ", best so far" if chosen else ""),
        )

    @property
    def _total(self) -> int:
        return self.before + sum(phase.epochs for phase in self.phases[self.place :])

    def _speed(self, left: float) -> str:
        # Layers that follow later cost more than frozen ones do, so that phases ahead make it a lower bound.
        bound = "at least " if self.place < len(self.phases) - 1 else ""
        return f"{self.rate:.1f} images/s, {bound}{duration(left)} left"


@contextmanager
def open_live(folder: Path) -> Iterator[Any]:
    """Open DVCLive so that it writes into its folder and nowhere else.

    By its defaults it rewrites dvc.yaml, saves experiments and loads a report from the network.

    Args:
        folder: Wiped of an earlier run first.
    """
    from dvclive.live import Live

    with Live(dir=str(folder), dvcyaml=None, save_dvc_exp=False, report=None) as live:
        yield live


def log_epoch(live: Any, epoch: Epoch) -> None:
    """Log an epoch, so that its curves can be watched."""
    live.step = epoch.epoch
    live.log_metric("train/loss", epoch.train_loss)
    live.log_metric("train/accuracy", epoch.train_accuracy)
    live.log_metric("train/roc_auc", epoch.train_roc_auc)
    live.log_metric("val/loss", epoch.val_loss)
    live.log_metric("val/accuracy", epoch.val_accuracy)
    live.log_metric("val/roc_auc", epoch.val_roc_auc)
    live.make_summary()


def log_chosen(live: Any, curve: Curve, labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> None:
    """Log the chosen epoch's metrics and its ROC curve on val.

    As a custom plot: DVCLive's own ROC has an infinite threshold in it, which is no JSON.

    Args:
        live: Open.
        curve: All epochs.
        labels: Of val; shape (images,).
        probabilities: What the chosen epoch's weights say of val; shape (images,).
    """
    for name, value in curve.summary().items():
        live.log_metric(f"chosen/{name}", value, plot=False)
    fpr, tpr = roc_curve(labels, probabilities)
    corners = [{"fpr": float(x), "tpr": float(y)} for x, y in zip(fpr, tpr, strict=True)]
    live.log_plot("roc", corners, x="fpr", y="tpr", template="simple", title="ROC on val")


class TrainingCallback:
    """Hears of everything and does nothing; a subclass does what it likes of it."""

    def on_phase(self, place: int, trained: int) -> None:
        """Hear that the epochs of a phase begin.

        Args:
            place: Of the phase, from 0.
            trained: Its epochs that an earlier run trained.
        """

    def storing(self, images: int) -> AbstractContextManager[Callable[[int], None]]:
        """Hear that features are computed; what is yielded is called with how many images each batch held."""
        return nullcontext(lambda further: None)

    def on_step(self, step: int, loss: float) -> None:
        """Hear of a step, from 1 in its epoch."""

    def on_epoch(self, epoch: Epoch, chosen: bool) -> None:
        """Hear of an epoch, and whether it is the best so far."""
