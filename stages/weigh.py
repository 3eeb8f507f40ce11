"""Weigh the members of the ensemble."""

from pathlib import Path
from typing import get_args

from dermoscopy.dataset.fitting import read_val
from dermoscopy.evaluation.align import align
from dermoscopy.evaluation.fixed import fix
from dermoscopy.evaluation.headline import val_figures, write_figures
from dermoscopy.evaluation.protocol import read_audited, shown
from dermoscopy.params.ensemble import Ensemble
from dermoscopy.params.file import load
from dermoscopy.params.models import Member
from dermoscopy.stage import run
from dermoscopy.tables.predictions import PREDICTIONS


def weigh() -> None:
    """Fix on val alone how members are combined and calibrated, and from where a lesion is called malignant."""
    settings = load("ensemble", Ensemble)
    protocol = read_audited(Path("data/audited"))
    rows = read_val(Path("data/split"), protocol)
    paths = {member: Path("data/predictions", member, "val.csv") for member in get_args(Member)}
    probabilities = align(rows, {member: (path, PREDICTIONS.read(path)) for member, path in paths.items()})
    fixed = fix(rows, probabilities, settings)
    fixed.write(Path("data/ensemble"))
    write_figures(val_figures(fixed, shown(protocol)), Path("metrics/val.json"))


if __name__ == "__main__":
    run(weigh)
