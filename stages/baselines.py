"""Fit the baselines on train and predict val and test."""

from pathlib import Path

import pandas as pd

from dermoscopy.baselines.baselines import predict_baselines
from dermoscopy.baselines.params import Baselines
from dermoscopy.core.params import load
from dermoscopy.core.sources import image_columns
from dermoscopy.core.splits import SPLITS, read_split
from dermoscopy.core.stage import run
from dermoscopy.core.tables import PREDICTIONS


def baselines() -> None:
    """Fit the baselines on train and predict val and test: prevalence, metadata, colours, thumbnail, source."""
    settings = load("baselines", Baselines)
    train, *predicted = (read_split(Path(f"data/split/{split}.csv"), split) for split in SPLITS)
    rows = pd.concat(predicted, ignore_index=True)
    for name, probability in predict_baselines(train, rows, settings).items():
        for split, table in rows.assign(probability=probability).groupby("split"):
            predictions = image_columns(table).assign(probability=table["probability"])
            PREDICTIONS.write(predictions, Path("data/baselines", str(split), f"{name}.csv"))


if __name__ == "__main__":
    run(baselines)
