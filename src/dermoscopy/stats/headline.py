"""The headline: the few metrics of the ensemble on the test split that `dvc metrics show` prints.

A file of metrics is a row of that table, and a metric is a column. So values, lower and upper bounds are three files
with the same keys: metrics/test.json, metrics/test_low.json and metrics/test_high.json.
"""

import json
from pathlib import Path

import pandas as pd

from dermoscopy.core.files import write_json
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.stats.metrics import METRICS

# Few enough for 132 columns; the other metrics are in data/evaluation/scores.csv.
HEADLINE = ("roc_auc", "roc_auc_within", "accuracy", "sensitivity", "specificity", "ppv")

MEAN_RECALL = "recall_dx"  # added to the headline if the ensemble predicts diagnoses

TITLES = {**{name: METRICS[name].title for name in HEADLINE}, MEAN_RECALL: "mean recall of the diagnoses"}

FILES = {"value": "test.json", "low": "test_low.json", "high": "test_high.json"}

Bounded = dict[str, float | None]  # value, low and high; None if undefined


def ensemble_metrics(scores: pd.DataFrame, point: str) -> dict[str, Bounded]:
    """Return all metrics of the ensemble on the test split, by image.

    Args:
        scores: Rows of `evaluate.tables.SCORES`.
        point: Operating point of the metrics that need a threshold.

    Returns:
        Metric names to value, low and high; NaN if undefined.
    """
    own = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "image") & scores["point"].isin(["", point])]
    bounds = own.set_index("metric")[list(FILES)].to_dict("index")
    return {str(metric): {str(bound): float(value) for bound, value in row.items()} for metric, row in bounds.items()}


def write_headline(metrics: dict[str, Bounded], protocol: str, folder: Path) -> None:
    """Write the metrics of `TITLES`, one file each for the values, the lower and the upper bounds.

    A metric that was not computed, such as that within source if no sources are known, is left out.

    Args:
        metrics: Result of `ensemble_metrics`, and `MEAN_RECALL` if the ensemble predicts diagnoses.
        protocol: Title of the split protocol.
        folder: metrics/.
    """
    for bound, name in FILES.items():
        values = {metric: metrics[metric][bound] for metric in TITLES if metric in metrics}
        write_json(folder / name, {"protocol": protocol, **values})


def read_headline(folder: Path) -> dict[str, Bounded]:
    """Read the metrics that `write_headline` wrote.

    Args:
        folder: metrics/.

    Returns:
        Metric names of `TITLES`, in reading order, to value, low and high; None if undefined.

    Raises:
        FileNotFoundError: The stage evaluate has not run, or the files are empty: they were of an earlier model.
    """
    bounds = {bound: json.loads((folder / name).read_text()) for bound, name in FILES.items()}
    if not all(bounds.values()):
        raise FileNotFoundError(f"{folder}: no results on test. Run all stages: dvc repro")
    metrics = [metric for metric in TITLES if metric in bounds["value"]]
    return {metric: {bound: values[metric] for bound, values in bounds.items()} for metric in metrics}
