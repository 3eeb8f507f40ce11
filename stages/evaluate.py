"""Score the members, the ensemble and the baselines on the test part."""

from pathlib import Path
from typing import get_args

import numpy as np

from dermoscopy.evaluation.charts import write_charts
from dermoscopy.evaluation.classifiers import ENSEMBLE, read_classifiers
from dermoscopy.evaluation.headline import headline, write_figures
from dermoscopy.evaluation.intervals import draw_lesions
from dermoscopy.evaluation.protocol import read_protocol
from dermoscopy.evaluation.scores import score_classifiers
from dermoscopy.params.evaluate import Evaluate
from dermoscopy.params.file import load
from dermoscopy.params.models import Member
from dermoscopy.stage import run
from dermoscopy.tables.curves import CURVE
from dermoscopy.tables.evaluation import SCORES
from dermoscopy.tables.parts import read_part
from dermoscopy.tables.predictions import PREDICTIONS


def evaluate() -> None:
    """Score the members, the ensemble and the baselines on the test part, with intervals."""
    settings = load("evaluate", Evaluate)
    protocol = read_protocol(Path("data/audited"))
    test = read_part(Path("data/split/test.csv"), "test")
    rows = test[["image_id", "lesion_id", "dx", "label"]]
    classifiers = read_classifiers(test, Path("data"))
    (ensemble,) = (one for one in classifiers if one.name == ENSEMBLE)
    epochs = {member: CURVE.read(Path("data/curves", f"{member}.csv")) for member in get_args(Member)}
    label, lesion = rows["label"].to_numpy(), rows["lesion_id"].to_numpy()
    draws = draw_lesions(lesion, label, settings.resamples, np.random.default_rng(settings.seed))
    scores = score_classifiers(classifiers, label, draws, settings.confidence)

    SCORES.write(scores, Path("data/evaluation/scores.csv"))
    PREDICTIONS.write(rows.assign(probability=ensemble.score), Path("data/evaluation/predictions.csv"))
    write_figures(headline(rows, ensemble, scores, protocol), Path("metrics/test.json"))
    write_charts(label, classifiers, scores, epochs, protocol, Path("plots"))


if __name__ == "__main__":
    run(evaluate)
