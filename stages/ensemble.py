"""Fit the ensemble on the validation split."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dermoscopy.baselines.params import BASELINES
from dermoscopy.core.files import write_json
from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.protocol import protocol_title, read_audited_protocol
from dermoscopy.core.splits import read_val
from dermoscopy.core.stage import run
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.ensemble.fit import fit_ensemble, val_metrics
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.stats.lesions import align


def ensemble() -> None:
    """Fit combination, calibration, operating points and conformal sets on val only."""
    settings = load("ensemble", Ensemble)
    protocol = read_audited_protocol(Path("data/audited"))
    rows = read_val(Path("data/split"), protocol)

    def read(folder: str, names: Iterable[str]) -> pd.DataFrame:
        paths = {name: Path(folder, f"{name}.csv") for name in names}
        return align(rows, {name: (path, PREDICTIONS.read(path)) for name, path in paths.items()})

    members, baselines = read("data/predictions/val", member_names()), read("data/baselines/val", BASELINES)
    fitted = fit_ensemble(rows, members, baselines, settings)
    fitted.write(Path("data/ensemble"))
    write_json(Path("metrics/val.json"), val_metrics(fitted, protocol_title(protocol)))


if __name__ == "__main__":
    run(ensemble)
