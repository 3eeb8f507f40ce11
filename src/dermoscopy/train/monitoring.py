"""Monitoring of trainings: progress on the terminal, curves for DVCLive, and the base class of training callbacks."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermoscopy.core.metrics import roc_curve
from dermoscopy.core.progress import display, duration, one_line
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.phases import Phase


@contextmanager
def training_progress(
    member: str, phases: Sequence[Phase], images: int, batch_size: int, logger: logging.Logger, *, done: int = 0
) -> Iterator["Progress"]:
    """Show the progress of a member's training until the block ends.

    Args:
        member: Name of the member.
        phases: All phases, in order.
        images: Number of images per epoch.
        batch_size: Number of images per step.
        logger: Logger of the lines.
        done: Number of epochs, of all phases, that an earlier, killed run has trained.

    Yields:
        Progress, to be called at each phase, step and epoch.
    """
    with display(member, logger) as show:
        yield Progress(member, phases, images, batch_size, logger, show, done)


class Progress:
    """Progress of a training: count steps and epochs, and show the speed and the time left.

    Call `begin` at each phase, `step` after each batch and `epoch` after each epoch.
    """

    def __init__(
        self,
        member: str,
        phases: Sequence[Phase],
        images: int,
        batch_size: int,
        logger: logging.Logger,
        show: Callable[[float, Sequence[str]], None],
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
        self.phase = self.before = 0  # number of the phase, and of the epochs before it
        self.epoch_seconds: float | None = None  # time of the last epoch of the phase
        self.rate = 0.0
        self.spent, self.seen = 0.0, 0
        self.epoch_start = self.first_step = time.monotonic()

    @property
    def images_per_second(self) -> float | None:
        """Images per second over the epochs of this run, including validation; None before the first has ended."""
        return round(self.seen / self.spent, 1) if self.spent else None

    def begin(self, phase: int, trained: int = 0) -> None:
        """Begin a phase; earlier phases have ended, with any number of epochs.

        Args:
            phase: Number of the phase, from 0.
            trained: Number of its epochs that an earlier run has trained.
        """
        self.phase, self.before = phase, self.done - trained
        self.epoch_seconds = None
        self.epoch_start = time.monotonic()

    def step(self, step: int, loss: float) -> None:
        """Count a step.

        Args:
            step: Number of the step in its epoch, from 1.
            loss: Mean loss of the epoch so far.
        """
        now = time.monotonic()
        if step == 1:
            # The first step includes the tracing of the graph, so it is left out of the speed.
            self.first_step = now
            return
        seen = min(step * self.batch_size, self.images)
        self.rate = (seen - self.batch_size) / max(now - self.first_step, 1e-9)
        left = (self.images - seen) / self.rate
        left += (self._epochs_left - 1) * (self.epoch_seconds or self.images / self.rate)
        epoch = f"epoch {self.done + 1}/{self._total}"
        facts = [epoch, *self._time(left), f"step {step}/{self.steps}", f"loss {loss:.4f}", self._speed()]
        self.show((self.done + step / self.steps) / self._total, facts)

    def epoch(self, epoch: Epoch, *, chosen: bool) -> None:
        """Count an epoch that has ended, and log a line.

        Args:
            epoch: Metrics of the epoch.
            chosen: Whether it is the best epoch so far.
        """
        now = time.monotonic()
        self.epoch_seconds = max(now - self.epoch_start, 1e-9)
        self.epoch_start = now
        self.spent += self.epoch_seconds
        self.seen += self.images
        self.done += 1
        if self.steps == 1:
            self.rate = self.images / self.epoch_seconds
        number = f"epoch {self.done}/{self._total}"
        left = self._time(self._epochs_left * self.epoch_seconds)
        self.show(self.done / self._total, [number, *left, self._speed()])
        facts = [
            f"val ROC AUC {epoch.val_roc_auc:.3f}",
            *(["best so far"] if chosen else []),
            *left,
            f"val loss {epoch.val_loss:.3f}",
            f"loss {epoch.train_loss:.3f}",
            f"val accuracy {epoch.val_accuracy:.3f}",
            f"accuracy {epoch.train_accuracy:.3f}",
            self._speed(),
        ]
        self.logger.info("%s", one_line(f"{self.member} {number}", facts))

    @property
    def _total(self) -> int:
        return self.before + sum(phase.epochs for phase in self.phases[self.phase :])

    @property
    def _epochs_left(self) -> int:
        """Number of epochs of the phase that have not ended."""
        return self.before + self.phases[self.phase].epochs - self.done

    def _time(self, left: float) -> list[str]:
        """Return the time left in the phase and the epochs after it.

        Nothing that was measured in this phase gives the time of a later one, which trains other layers.
        """
        later = sum(phase.epochs for phase in self.phases[self.phase + 1 :])
        if not later:
            return [f"{duration(left)} left"]
        return [f"{duration(left)} left in phase {self.phase + 1}/{len(self.phases)}", f"then {later} epochs"]

    def _speed(self) -> str:
        return f"{self.rate:.1f} images/s"


@contextmanager
def open_live(folder: Path) -> Iterator[Any]:
    """Open DVCLive so that it writes only into its folder.

    By default, it also rewrites dvc.yaml, saves experiments, makes a report with scripts from the network, and sends
    the metrics, the address of the repository and the commit to DVC Studio if a token is set.

    Args:
        folder: Folder of DVCLive's files; files of an earlier run are removed first.
    """
    os.environ["DVC_STUDIO_OFFLINE"] = "true"
    from dvclive.live import Live

    with Live(dir=str(folder), dvcyaml=None, save_dvc_exp=False, report=None) as live:
        yield live


def log_epoch(live: Any, epoch: Epoch) -> None:
    """Log the metrics of an epoch.

    Args:
        live: Open DVCLive logger.
        epoch: Metrics of the epoch.
    """
    live.step = epoch.epoch
    live.log_metric("train/loss", epoch.train_loss)
    live.log_metric("train/accuracy", epoch.train_accuracy)
    live.log_metric("train/roc_auc", epoch.train_roc_auc)
    live.log_metric("val/loss", epoch.val_loss)
    live.log_metric("val/accuracy", epoch.val_accuracy)
    live.log_metric("val/roc_auc", epoch.val_roc_auc)
    live.make_summary()


def log_chosen(live: Any, curve: Curve, labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> None:
    """Log the metrics of the chosen epoch and its ROC curve on val.

    The curve is a custom plot, since that of DVCLive contains an infinite threshold, which is not valid JSON.

    Args:
        live: Open DVCLive logger.
        curve: Curve of all epochs.
        labels: Labels of the val images, 0 or 1, shape (images,).
        probabilities: Probabilities predicted with the weights of the chosen epoch, shape (images,).
    """
    for name, value in curve.summary().items():
        live.log_metric(f"chosen/{name}", value, plot=False)
    fpr, tpr = roc_curve(labels, probabilities)
    corners = [{"fpr": float(x), "tpr": float(y)} for x, y in zip(fpr, tpr, strict=True)]
    live.log_plot("roc", corners, x="fpr", y="tpr", template="simple", title="ROC on val")


class TrainingCallback:
    """Base class of training callbacks; every method does nothing."""

    def on_phase(self, number: int, trained: int) -> None:
        """Called before the epochs of a phase.

        Args:
            number: Number of the phase, from 0.
            trained: Number of its epochs that an earlier run has trained.
        """

    def on_cache_plan(self, text: str) -> None:
        """Called when a phase has decided whether it caches the features of frozen layers.

        Args:
            text: Decision and reason; empty without frozen layers.
        """

    def on_caching(self, images: int) -> AbstractContextManager[Callable[[int], None]]:
        """Called before features are cached.

        Args:
            images: Number of images, or of views of them.

        Returns:
            Context whose value is called after each batch with its number of images or views.
        """
        return nullcontext(lambda count: None)

    def on_step(self, step: int, loss: float) -> None:
        """Called after each step.

        Args:
            step: Number of the step in its epoch, from 1.
            loss: Mean loss of the epoch so far.
        """

    def on_epoch(self, epoch: Epoch, chosen: bool) -> None:
        """Called after each epoch.

        Args:
            epoch: Metrics of the epoch.
            chosen: Whether it is the best epoch so far.
        """
