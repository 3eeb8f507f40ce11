"""Evaluate all classifiers on the test split."""

from pathlib import Path

from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.protocol import read_protocol_title
from dermoscopy.core.splits import SPLITS, like_val, read_split
from dermoscopy.core.stage import run
from dermoscopy.core.tables import CURVE, PREDICTIONS
from dermoscopy.ensemble.combiners import read_choice
from dermoscopy.ensemble.fit import CANDIDATES
from dermoscopy.evaluate.charts import ensemble_size_rows, write_charts
from dermoscopy.evaluate.evaluate import evaluate_test, read_members
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.tables import ENSEMBLE_SIZES, TABLES
from dermoscopy.stats.headline import ensemble_metrics, write_headline


def evaluate() -> None:
    """Evaluate members, ensembles and baselines on the test split, with intervals; write tables and charts."""
    settings = load("evaluate", Evaluate)
    protocol = read_protocol_title(Path("data/audited"))
    train, val, test = (read_split(Path(f"data/split/{split}.csv"), split) for split in SPLITS)
    rows = test[["image_id", "lesion_id", "dx", "label"]]
    epochs = {member: CURVE.read(Path("data/curves", f"{member}.csv")) for member in member_names()}
    fitted = {
        split: (images["label"].to_numpy(), read_members(images, Path("data"), split))
        for split, images in (("train", like_val(train, val)), ("val", val))
    }
    evaluation = evaluate_test(test, Path("data"), settings)
    candidates = CANDIDATES.read(Path("data/ensemble/candidates.csv"))
    best = read_choice(Path("data/ensemble/ensemble.json")).best_member

    for name, table in evaluation.tables.items():
        TABLES[name].write(table, Path("data/evaluation", f"{name}.csv"))
    PREDICTIONS.write(rows.assign(probability=evaluation.ensemble.score), Path("data/evaluation/predictions.csv"))
    write_headline(ensemble_metrics(evaluation.tables["scores"], settings.point), protocol, Path("metrics"))
    sizes = ensemble_size_rows(candidates, evaluation.tables["subsets"], best, protocol)
    ENSEMBLE_SIZES.write(sizes, Path("plots/ensemble_sizes.csv"))
    write_charts(test["label"].to_numpy(), evaluation, epochs, fitted, settings.point, protocol, Path("plots"))


if __name__ == "__main__":
    run(evaluate)
