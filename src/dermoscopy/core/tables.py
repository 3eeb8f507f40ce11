"""What every table that crosses a stage boundary shares: columns, types, order, reader, writer.

data/predictions/<member>/<split>.csv: a member's probability for each image of a split.

data/curves/<member>.csv: a row an epoch.

data/truth/scores.csv: the simulator's latent score of each image; no rows for a real dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dermoscopy.core.errors import TableError
from dermoscopy.core.files import atomic_write

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A CSV file whose columns, types and row order are fixed.

    Args:
        columns: Name to type, in order: "str", "int64" or "float64". An empty field is the
            missing value of a "float64" column and the empty string of a "str" column.
        order: The columns the rows are sorted by.
    """

    columns: Mapping[str, str]
    order: tuple[str, ...]

    def write(self, frame: pd.DataFrame, path: Path) -> None:
        """Write a frame; the file appears whole or not at all. Floats and any text read back equal.

        Raises:
            TableError: The frame has not exactly this table's columns.
        """
        if set(frame.columns) != set(self.columns):
            raise TableError(f"{path}: columns must be {', '.join(self.columns)}; received {', '.join(frame.columns)}.")
        ordered = self.sort(frame)
        with atomic_write(path) as beside:
            ordered.to_csv(beside, index=False, lineterminator="\n")

    def sort(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows in order, with this table's columns and types."""
        typed = frame[list(self.columns)].astype(dict(self.columns))
        return typed.sort_values(list(self.order), kind="stable", ignore_index=True)

    def read(self, path: Path) -> pd.DataFrame:
        """Read a table that `write` wrote.

        Raises:
            TableError: The file is missing or has other columns.
        """
        import pandas as pd

        floats = {name: [""] for name, kind in self.columns.items() if kind == "float64"}
        try:
            frame = pd.read_csv(
                path,
                dtype=dict(self.columns),
                keep_default_na=False,
                na_values=floats,
                lineterminator="\n",  # a carriage return within a field is written bare, and ends no line
            )
        except FileNotFoundError:
            raise TableError(f"{path} is not here: run `dvc repro`.") from None
        except ValueError as error:
            raise TableError(f"{path} is not a table of this pipeline: {error}") from None
        if list(frame.columns) != list(self.columns):
            raise TableError(f"{path}: columns must be {', '.join(self.columns)}; received {', '.join(frame.columns)}.")
        return frame


PREDICTIONS = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "dx": "str",
        "label": "int64",
        "probability": "float64",  # that the lesion is malignant
    },
    order=("image_id",),
)

CURVE = Table(
    columns={
        "epoch": "int64",  # from 1, through all phases
        "phase": "str",  # frozen or trained
        "train_loss": "float64",
        "train_accuracy": "float64",
        "train_roc_auc": "float64",
        "val_loss": "float64",
        "val_accuracy": "float64",
        "val_roc_auc": "float64",
        "chosen": "int64",  # 1 in the row of the epoch whose weights are kept, 0 elsewhere
    },
    order=("epoch",),
)

LATENT_SCORES = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "score": "float64",  # the larger, the more malignant; no model of the images can know more
    },
    order=("image_id",),
)

ENSEMBLE = "ensemble"  # what was chosen; the ways to combine all members go by their own names
