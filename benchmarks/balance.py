"""Measure what balancing by source brings on val, on the current outputs of the stages split and augment.

python benchmarks/balance.py ham10000 none sources groups group_dro

Trains CNN A and CNN B with several seeds and each `training.balance` of the arguments, evaluates them on val, by image,
and replaces their rows of the dataset, named by the first argument, in docs/balance.csv. The test split is not read.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.core.params import load
from dermoscopy.core.protocol import read_audited_protocol
from dermoscopy.core.splits import read_train_and_val
from dermoscopy.networks.params import Member, Runtime, Training
from dermoscopy.networks.saved import load_member
from dermoscopy.predict.params import Predict
from dermoscopy.predict.predict import predict_split
from dermoscopy.stats.lesions import by_image
from dermoscopy.stats.roc import roc_auc_interval, roc_aucs
from dermoscopy.train.member import MemberPaths, train_member
from dermoscopy.train.settings import TrainSettings

RESULTS = Path("docs/balance.csv")
MEMBERS = ("cnn_a", "cnn_b")
SEEDS = (1, 2, 3)


def main(dataset: str, balances: list[str]) -> None:
    """Train and evaluate all combinations and write a row for each member and balance."""
    train, val = read_train_and_val(Path("data/split"), read_audited_protocol(Path("data/audited")))
    unit = by_image(val)
    if unit.source is None:
        sys.exit("The dataset has no sources.")
    rows = []
    for member in MEMBERS:
        for balance in balances:
            # The mean of the seeds' probabilities would be an ensemble: their metrics are averaged instead.
            found = [_evaluate(member, balance, seed, train, val) for seed in SEEDS]
            row: dict[str, object] = {"dataset": dataset, "val_lesions": val["lesion_id"].nunique()}
            row |= {"member": member, "balance": balance}
            for name, source in (("roc_auc", None), ("within", unit.source)):
                rocs = [roc_aucs(unit.label, score[None], unit.lesion, source) for score in found]
                value = float(np.mean([roc.aucs[0] for roc in rocs]))
                variance = float(np.mean([roc.covariance[0, 0] for roc in rocs]))
                low, high = roc_auc_interval(value, variance, rocs[0].lesions, 0.95)
                spread = float(np.std([roc.aucs[0] for roc in rocs], ddof=1))
                row |= {name: value, f"{name}_low": low, f"{name}_high": high, f"{name}_sd": spread}
            rows.append(row)
            print(row, flush=True)
    others = [pd.read_csv(RESULTS).query("dataset != @dataset or balance not in @balances")] if RESULTS.exists() else []
    table = pd.concat([*others, pd.DataFrame(rows)]).sort_values(["dataset", "member"], kind="stable")
    table.to_csv(RESULTS, index=False, lineterminator="\n", float_format="%.4f")


def _evaluate(member: str, balance: str, seed: int, train: pd.DataFrame, val: pd.DataFrame) -> np.ndarray:
    """Train a member and return its probabilities of the val images; shape (images,)."""
    training = load("training", Training).model_copy(update={"balance": balance})
    settings = TrainSettings(training, load("runtime", Runtime), seed, protocol="", versions={})
    with tempfile.TemporaryDirectory() as folder:
        names = ("weights", "checkpoints", "model", "curve.csv", "val.json")
        train_member(
            member,
            load(f"models.{member}", Member),
            train,
            val,
            settings,
            MemberPaths(*(Path(folder, n) for n in names)),
        )
        predicted = predict_split(load_member(Path(folder, "model")), val, load("predict", Predict), settings.runtime)
    ordered: np.ndarray = predicted.set_index("image_id")["probability"].loc[list(val["image_id"])].to_numpy()
    return ordered


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
