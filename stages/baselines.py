"""Fit the baselines on train and predict test."""

from pathlib import Path

from dermoscopy.baselines.baselines import predict_baselines
from dermoscopy.baselines.params import Baselines
from dermoscopy.core.params import load
from dermoscopy.core.splits import read_split
from dermoscopy.core.stage import run
from dermoscopy.core.tables import PREDICTIONS


def baselines() -> None:
    """Fit the baselines on train and predict test: prevalence, age/sex/site, colours, thumbnail, dx_type."""
    settings = load("baselines", Baselines)
    train = read_split(Path("data/split/train.csv"), "train")
    test = read_split(Path("data/split/test.csv"), "test")
    rows = test[["image_id", "lesion_id", "dx", "label"]]
    for name, probability in predict_baselines(train, test, settings).items():
        PREDICTIONS.write(rows.assign(probability=probability), Path("data/baselines", f"{name}.csv"))


if __name__ == "__main__":
    run(baselines)
