"""Fit the ensemble on the validation split."""

from pathlib import Path

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
    paths = {member: Path(f"data/predictions/val/{member}.csv") for member in member_names()}
    probabilities = align(rows, {member: (path, PREDICTIONS.read(path)) for member, path in paths.items()})
    fitted = fit_ensemble(rows, probabilities, settings)
    fitted.write(Path("data/ensemble"))
    write_json(Path("metrics/val.json"), val_metrics(fitted, protocol_title(protocol)))


if __name__ == "__main__":
    run(ensemble)
