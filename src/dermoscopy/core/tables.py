"""CSV tables between stages: columns, types, row order, reading and writing; and four of these tables.

`PREDICTIONS` is data/predictions/<split>/<member>.csv, a member's probabilities for each image of a split. `CURVE` is
data/curves/<member>.csv, one row for each epoch. `LATENT_SCORES` is data/acquired/truth/scores.csv, the simulator's
latent score of each image, without rows for a real dataset. `LOCALIZATION` is data/explain/localization.csv.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dermoscopy.core.errors import TableError
from dermoscopy.core.files import atomic_write, rounded

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A CSV file whose columns, types and row order are fixed.

    Args:
        columns: Name of each column to its type, in order: "str", "int64" or "float64". An empty field is a
            missing value in a "float64" column and an empty string in a "str" column.
        order: Columns that the rows are sorted by.
        optional: Columns that a file may lack, as the written frame may. A column of text that is empty in all rows
            is left out of the file.
        committed: Whether the file is in git. Its floats are then rounded (`core.files.rounded`).
    """

    columns: Mapping[str, str]
    order: tuple[str, ...]
    optional: tuple[str, ...] = ()
    committed: bool = False

    def write(self, frame: pd.DataFrame, path: Path) -> None:
        """Write a frame atomically. Any text is equal when read again, and so are floats that are not rounded.

        Raises:
            TableError: The frame does not have exactly this table's columns.
        """
        if not set(self.columns) - set(self.optional) <= set(frame.columns) <= set(self.columns):
            raise TableError(f"{path}: columns must be {', '.join(self.columns)}; received {', '.join(frame.columns)}.")
        if self.committed:
            floats = [name for name in self.floats if name in frame]
            frame = frame.assign(**{name: frame[name].astype("float64").map(rounded) for name in floats})
        ordered = self.sort(frame)
        with atomic_write(path) as temporary:
            ordered.to_csv(temporary, index=False, lineterminator="\n")

    @property
    def floats(self) -> list[str]:
        """Names of the columns of floats."""
        return [name for name, kind in self.columns.items() if kind == "float64"]

    def sort(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows sorted, with this table's columns and types, without optional columns that are empty."""
        absent = [name for name in self.optional if name not in frame or (frame[name] == "").all()]
        kinds = {name: kind for name, kind in self.columns.items() if name not in absent}
        typed = frame[list(kinds)].astype(kinds)
        return typed.sort_values(list(self.order), kind="stable", ignore_index=True)

    def read(self, path: Path) -> pd.DataFrame:
        """Read a table that `write` wrote.

        Raises:
            TableError: The file is missing or has other columns.
        """
        import pandas as pd

        try:
            frame = pd.read_csv(
                path,
                dtype=dict(self.columns),
                keep_default_na=False,
                na_values={name: [""] for name in self.floats},
                lineterminator="\n",  # a carriage return in a field is written unquoted and does not end a line
            )
        except FileNotFoundError:
            raise TableError(f"{path} is missing: run `dvc repro`.") from None
        except ValueError as error:
            raise TableError(f"{path} cannot be read as a table of this pipeline: {error}. Run `dvc repro`.") from None
        if list(frame.columns) != [name for name in self.columns if name in frame or name not in self.optional]:
            raise TableError(
                f"{path}: columns must be {', '.join(self.columns)}; received {', '.join(frame.columns)}. "
                "Run `dvc repro`."
            )
        return frame


DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")  # HAM10000's abbreviations, in alphabetical order
DIAGNOSIS_PROBABILITIES = tuple(f"p_{dx}" for dx in DIAGNOSES)  # columns of `PREDICTIONS`

PREDICTIONS = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "dx": "str",
        "label": "int64",
        "dataset": "str",  # source of the image, see `core.sources`
        "probability": "float64",  # of malignancy
        # Of each diagnosis; they sum to 1. Only of a member with the target dx, whose `probability` is the sum over the
        # malignant diagnoses.
        **dict.fromkeys(DIAGNOSIS_PROBABILITIES, "float64"),
    },
    order=("image_id",),
    optional=("dataset", *DIAGNOSIS_PROBABILITIES),
)

CURVE = Table(
    columns={
        "epoch": "int64",  # from 1, counted through all phases
        "phase": "str",  # "frozen" or "trained"
        "train_loss": "float64",
        "train_accuracy": "float64",
        "train_roc_auc": "float64",
        "val_loss": "float64",
        "val_accuracy": "float64",
        "val_roc_auc": "float64",
        "chosen": "int64",  # 1 for the epoch whose weights are kept, else 0
    },
    order=("epoch",),
)

LATENT_SCORES = Table(
    columns={
        "image_id": "str",
        "lesion_id": "str",
        "score": "float64",  # grows with malignancy; no model of the images can be better
    },
    order=("image_id",),
)

LOCALIZATION = Table(
    columns={
        "name": "str",  # member
        "weights": "str",  # "trained", or "random": the mean over networks with random weights
        "networks": "int64",
        "images": "int64",  # test images with a mask
        "lesions": "int64",
        "empty": "float64",  # proportion of maps that are 0 everywhere and are left out below
        "inside": "float64",  # proportion of the map's sum inside the lesion, mean over lesions
        "area": "float64",  # proportion of the image's area inside the lesion, mean over lesions
        "difference": "float64",  # inside - area
        "low": "float64",  # interval of the difference: for other lesions, or for other random networks
        "high": "float64",
        "correlation": "float64",  # rank correlation of the maps of random and trained networks
    },
    order=("name", "weights"),
)

ENSEMBLE = "ensemble"  # name of the chosen combination; other combination methods have their own names
DATASET = "dataset"  # HAM10000's column of the source of an image, see `core.sources`; a table may lack it
UNKNOWN = "unknown"  # HAM10000's word for a missing value; an empty field means the same
LATENT = "latent score"  # name of the simulator's latent score among the classifiers
