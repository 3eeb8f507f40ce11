"""Evaluate all classifiers on the test split."""

from pathlib import Path

from dermoscopy.core.params import load
from dermoscopy.core.protocol import read_protocol_title
from dermoscopy.core.sources import image_columns
from dermoscopy.core.splits import read_split
from dermoscopy.core.stage import run
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.ensemble.fit import CANDIDATES
from dermoscopy.evaluate.chart_tables import ENSEMBLE_SIZES
from dermoscopy.evaluate.charts import ensemble_size_rows, write_charts
from dermoscopy.evaluate.diagnoses import headline_of_diagnoses
from dermoscopy.evaluate.evaluate import evaluate_test
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.tables import TABLES
from dermoscopy.stats.headline import ensemble_metrics, write_headline


def evaluate() -> None:
    """Evaluate members, ensembles and baselines on the test split, with intervals; write tables and charts."""
    settings = load("evaluate", Evaluate)
    protocol = read_protocol_title(Path("data/audited"))
    test = read_split(Path("data/split/test.csv"), "test")
    evaluation = evaluate_test(test, Path("data"), settings)
    candidates = CANDIDATES.read(Path("data/ensemble/candidates.csv"))
    best = read_choice(Path("data/ensemble/ensemble.json")).best_member

    for name, table in evaluation.tables.items():
        TABLES[name].write(table, Path("data/evaluation", f"{name}.csv"))
    PREDICTIONS.write(
        image_columns(test).assign(probability=evaluation.ensemble.score), Path("data/evaluation/predictions.csv")
    )
    headline = ensemble_metrics(evaluation.tables["scores"], settings.point)
    headline |= headline_of_diagnoses(evaluation.tables["diagnoses"])
    write_headline(headline, protocol, Path("metrics"))
    sizes = ensemble_size_rows(candidates, evaluation.tables["subsets"], best, protocol)
    ENSEMBLE_SIZES.write(sizes, Path("plots/ensemble_sizes.csv"))
    write_charts(test["label"].to_numpy(), evaluation, settings.point, protocol, Path("plots"))


if __name__ == "__main__":
    run(evaluate)
