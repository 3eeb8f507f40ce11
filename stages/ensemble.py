"""Fit the ensemble on the validation split."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dermoscopy.baselines.params import predicted_baselines
from dermoscopy.core.files import write_json
from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.protocol import protocol_title, read_audited_protocol
from dermoscopy.core.splits import like_val, read_train_and_val
from dermoscopy.core.stage import run
from dermoscopy.core.tables import CURVE, PREDICTIONS
from dermoscopy.ensemble.fit import fit_ensemble, val_metrics
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.ensemble.training import BEST_EPOCH, CURVES, best_epoch_rows, curve_rows
from dermoscopy.stats.lesions import align


def ensemble() -> None:
    """Fit combination, calibration, operating points and conformal sets on val only; chart the training."""
    settings = load("ensemble", Ensemble)
    protocol = read_audited_protocol(Path("data/audited"))
    train, val = read_train_and_val(Path("data/split"), protocol)

    def read(rows: pd.DataFrame, folder: str, names: Iterable[str]) -> pd.DataFrame:
        paths = {name: Path(folder, f"{name}.csv") for name in names}
        return align(rows, {name: (path, PREDICTIONS.read(path)) for name, path in paths.items()})

    names, predicted = member_names(), predicted_baselines(Path("data/baselines/val"))
    members, baselines = read(val, "data/predictions/val", names), read(val, "data/baselines/val", predicted)
    fitted = fit_ensemble(val, members, baselines, settings)
    originals = like_val(train, val)
    training = {
        "train": (originals["label"].to_numpy(), read(originals, "data/predictions/train", names)),
        "val": (val["label"].to_numpy(), members),
    }
    epochs = {name: CURVE.read(Path("data/curves", f"{name}.csv")) for name in names}

    title = protocol_title(protocol)
    fitted.write(Path("data/ensemble"))
    write_json(Path("metrics/val.json"), val_metrics(fitted, title))
    CURVES.write(curve_rows(epochs, title), Path("plots/curves.csv"))
    BEST_EPOCH.write(best_epoch_rows(epochs, training, title), Path("plots/best_epoch.csv"))


if __name__ == "__main__":
    run(ensemble)
