"""History of a training: metrics of each epoch, and the chosen epoch."""

from dataclasses import asdict, dataclass, field

import pandas as pd

from dermoscopy.networks.params import LOWEST_IS_BEST, Monitor


@dataclass(frozen=True)
class Epoch:
    """Metrics of an epoch; losses are the cross-entropy without the L2 penalty.

    Train metrics are of the predictions in the steps of the epoch, as in the paper's log: with dropout, augmented
    images, and weights that change. Val metrics are computed after the epoch. So only their courses are comparable.

    Attributes:
        epoch: Number of the epoch, from 1, counted over all phases.
        phase: Name of the phase.
        train_loss: Mean cross-entropy on train.
        train_accuracy: Accuracy on train.
        train_roc_auc: ROC AUC on train.
        val_loss: Mean cross-entropy on val.
        val_accuracy: Accuracy on val.
        val_roc_auc: ROC AUC on val.
    """

    epoch: int
    phase: str
    train_loss: float
    train_accuracy: float
    train_roc_auc: float
    val_loss: float
    val_accuracy: float
    val_roc_auc: float


def make_epoch(epoch: int, phase: str, train: dict[str, float], val: dict[str, float]) -> Epoch:
    """Return the metrics of an epoch.

    Args:
        epoch: Number of the epoch.
        phase: Name of the phase.
        train: Metrics on train, from `epoch_metrics`.
        val: Metrics on val, from `epoch_metrics`.
    """
    columns = {
        f"{split}_{name}": value for split, row in (("train", train), ("val", val)) for name, value in row.items()
    }
    return Epoch(epoch, phase, **columns)


@dataclass
class Curve:
    """All epochs so far, and the chosen one: the first with the best value of the monitored metric.

    Args:
        monitor: Name of the metric; the best val_loss is the lowest, the best of the others the highest.
        epochs: Epochs so far.
        chosen: Chosen epoch; None before the first epoch.
    """

    monitor: Monitor
    epochs: list[Epoch] = field(default_factory=list)
    chosen: Epoch | None = None

    def add(self, epoch: Epoch) -> bool:
        """Add an epoch and return whether it is now the chosen one."""
        self.epochs.append(epoch)
        better = self.chosen is None or self._merit(epoch) > self._merit(self.chosen)
        if better:
            self.chosen = epoch
        return better

    def _merit(self, epoch: Epoch) -> float:
        value = float(getattr(epoch, self.monitor))
        return -value if self.monitor in LOWEST_IS_BEST else value

    def frame(self) -> pd.DataFrame:
        """Return the rows of data/curves/<member>.csv."""
        frame = pd.DataFrame([asdict(epoch) for epoch in self.epochs])
        return frame.assign(chosen=[int(epoch is self.chosen) for epoch in self.epochs])

    @property
    def best(self) -> Epoch:
        """The chosen epoch; there must be an epoch."""
        return self.epochs[0] if self.chosen is None else self.chosen

    def summary(self) -> dict[str, int | float]:
        """Return the chosen epoch and its metrics on val, for DVCLive."""
        return {
            "epoch": self.best.epoch,
            "val_accuracy": self.best.val_accuracy,
            "val_loss": self.best.val_loss,
            "val_roc_auc": self.best.val_roc_auc,
        }

    def val_metrics(self) -> dict[str, float]:
        """Return the chosen epoch's metrics on val, with the names that they have in all files of metrics/."""
        return {
            "accuracy": self.best.val_accuracy,
            "log_loss": self.best.val_loss,
            "roc_auc": self.best.val_roc_auc,
        }
