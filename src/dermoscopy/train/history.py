"""A training's course: a row an epoch, and the epoch that is kept."""

from dataclasses import asdict, dataclass, field

import pandas as pd

from dermoscopy.networks.params import LOWEST_IS_BEST, Monitor


@dataclass(frozen=True)
class Epoch:
    """One epoch; losses are the cross-entropy alone, without the L2 penalty.

    Attributes:
        epoch: From 1, through all phases.
        phase: Its name.
        train_loss: Mean over the epoch, while the weights moved and dropout was on.
        train_accuracy: Likewise, as the paper's log has it.
        train_roc_auc: Likewise.
        val_loss: After the epoch.
        val_accuracy: After the epoch.
        val_roc_auc: After the epoch.
    """

    epoch: int
    phase: str
    train_loss: float
    train_accuracy: float
    train_roc_auc: float
    val_loss: float
    val_accuracy: float
    val_roc_auc: float


@dataclass
class Curve:
    """All epochs so far; the first of the best by the monitored metric is chosen.

    Args:
        monitor: Which metric; val_loss is best where it is lowest, the others where they are highest.
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

    def summary(self) -> dict[str, int | float]:
        """Return what metrics/train/<member>.json says of the chosen epoch; `gap` is training less validation."""
        chosen = self.epochs[0] if self.chosen is None else self.chosen
        return {
            "epoch": chosen.epoch,
            "train_accuracy": chosen.train_accuracy,
            "val_accuracy": chosen.val_accuracy,
            "gap": chosen.train_accuracy - chosen.val_accuracy,
            "val_loss": chosen.val_loss,
            "val_roc_auc": chosen.val_roc_auc,
        }
