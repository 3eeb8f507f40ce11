"""Score the members, the ensemble and the baselines on the test part."""

from pathlib import Path
from typing import get_args

from dermoscopy.evaluation.charts import write_charts
from dermoscopy.evaluation.chosen import read_choice
from dermoscopy.evaluation.growing import grow
from dermoscopy.evaluation.headline import headline, write_figures
from dermoscopy.evaluation.judge import judge
from dermoscopy.evaluation.protocol import read_protocol
from dermoscopy.params.evaluate import Evaluate
from dermoscopy.params.file import load
from dermoscopy.params.models import Member
from dermoscopy.stage import run
from dermoscopy.tables.charts import GROWING
from dermoscopy.tables.curves import CURVE
from dermoscopy.tables.ensemble import CANDIDATES
from dermoscopy.tables.evaluation import TABLES
from dermoscopy.tables.parts import read_part
from dermoscopy.tables.predictions import PREDICTIONS


def evaluate() -> None:
    """Score the members, the ensemble and the baselines on the test part, with intervals."""
    settings = load("evaluate", Evaluate)
    protocol = read_protocol(Path("data/audited"))
    test = read_part(Path("data/split/test.csv"), "test")
    rows = test[["image_id", "lesion_id", "dx", "label"]]
    epochs = {member: CURVE.read(Path("data/curves", f"{member}.csv")) for member in get_args(Member)}
    judged = judge(test, Path("data"), settings)
    candidates = CANDIDATES.read(Path("data/ensemble/candidates.csv"))
    best = read_choice(Path("data/ensemble/ensemble.json")).best_member

    for name, table in judged.tables.items():
        TABLES[name].write(table, Path("data/evaluation", f"{name}.csv"))
    PREDICTIONS.write(rows.assign(probability=judged.ensemble.score), Path("data/evaluation/predictions.csv"))
    write_figures(headline(rows, judged.tables["scores"], settings.point, protocol), Path("metrics/test.json"))
    GROWING.write(grow(candidates, judged.tables["subsets"], best, protocol), Path("plots/growing.csv"))
    write_charts(test["label"].to_numpy(), judged, epochs, settings.point, protocol, Path("plots"))


if __name__ == "__main__":
    run(evaluate)
