"""Weigh the members of the ensemble."""

from pathlib import Path
from typing import get_args

from dermoscopy.dataset.fitting import read_val
from dermoscopy.evaluation.align import align
from dermoscopy.evaluation.headline import compare_methods, write_figures
from dermoscopy.evaluation.protocol import read_audited, shown
from dermoscopy.evaluation.weights import weigh_members
from dermoscopy.params.ensemble import Ensemble
from dermoscopy.params.file import load
from dermoscopy.params.models import Member
from dermoscopy.stage import run
from dermoscopy.tables.ensemble import WEIGHTS
from dermoscopy.tables.predictions import PREDICTIONS


def weigh() -> None:
    """Weigh the members of the ensemble, from val alone."""
    settings = load("ensemble", Ensemble)
    protocol = read_audited(Path("data/audited"))
    rows = read_val(Path("data/split"), protocol)
    paths = {member: Path("data/predictions", member, "val.csv") for member in get_args(Member)}
    tables = {member: (path, PREDICTIONS.read(path)) for member, path in paths.items()}

    label = rows["label"].to_numpy()
    probabilities = align(rows, tables)
    weights = weigh_members(label, probabilities, settings)
    WEIGHTS.write(weights, Path("data/ensemble/weights.csv"))
    Path("data/ensemble/ensemble.json").write_text(settings.model_dump_json(indent=2) + "\n")

    shares = dict(zip(weights["member"], weights["weight"], strict=True))
    figures = compare_methods(label, probabilities[settings.members], settings, shares, shown(protocol))
    write_figures(figures, Path("metrics/val.json"))


if __name__ == "__main__":
    run(weigh)
