"""Measure the effect of data leakage: train members under each of the three protocols, for several seeds of the split.

python benchmarks/protocols.py ham10000 data.source=directory data.path=path/to/ham10000 --members cnn_a cnn_b

The first argument names the dataset in docs/protocols.csv; its rows are replaced. The next ones are parameters, as for
`dvc exp run -S`. The working tree must be clean; it is changed, and restored at the end with `dermoscopy undo`. A leaky
protocol has another test split. So the differences are of means over the seeds, not of the same images.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from dermoscopy.core.members import member_names
from dermoscopy.core.params import load
from dermoscopy.core.protocol import SHARED_LESIONS
from dermoscopy.core.splits import read_split
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member
from dermoscopy.predict.params import Predict
from dermoscopy.predict.predict import predict_split
from dermoscopy.split.params import Protocol

RESULTS = Path("docs/protocols.csv")
THRESHOLD = 0.5  # as in the paper


def main() -> None:
    """Train under all protocols with all seeds, and write a row for each member."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    parser.add_argument("--members", nargs="+", default=member_names(), metavar="name", help="default: all members")
    parser.add_argument("--split-seeds", nargs="+", type=int, default=[1, 2, 3], metavar="seed", help="default: 1 2 3")
    arguments = parser.parse_args()
    refuse_changes()
    rows = []
    for seed in arguments.split_seeds:
        for protocol in get_args(Protocol):
            overrides = [f"split.protocol={protocol}", f"split.seed={seed}", *arguments.overrides]
            rows += run(arguments.members, overrides, dataset=arguments.dataset, protocol=protocol, split_seed=seed)
    subprocess.run(["dermoscopy", "undo"], check=True)
    others = pd.read_csv(RESULTS).query("dataset != @arguments.dataset") if RESULTS.is_file() else None
    table = pd.concat([others, pd.DataFrame(rows)])
    table.to_csv(RESULTS, index=False, lineterminator="\n", float_format="%.4f")


def run(members: Sequence[str], overrides: Sequence[str], **keys: str | int) -> list[dict[str, object]]:
    """Train members, and return a row for each one, evaluated on test by image.

    Args:
        members: Names of the members.
        overrides: Parameters, each as `key=value`.
        keys: Columns that identify the rows.
    """
    options = [word for override in overrides for word in ("-S", override)]
    targets = [f"train@{member}" for member in members]
    name = "-".join(["leak", *map(str, keys.values())])
    if subprocess.run(["dvc", "exp", "run", "--name", name, *options, *targets], check=False).returncode:
        sys.exit(f"The experiment {name} failed: see above. To restore the last commit: dermoscopy undo")
    audit = json.loads(Path("metrics/audit.json").read_text())
    test = read_split(Path("data/split/test.csv"), "test")
    runtime = load("runtime", Runtime)
    configure(runtime)
    rows = []
    for member in members:
        predicted = predict_split(load_member(Path("data/models", member)), test, load("predict", Predict), runtime)
        score = predicted.set_index("image_id")["probability"].loc[list(test["image_id"])].to_numpy()
        label = test["label"].to_numpy()
        row: dict[str, object] = {**keys, "name": member, "test_images": len(test)}
        row |= {"known": audit.get(SHARED_LESIONS, 0.0)}
        accuracy = float(np.mean((score > THRESHOLD) == label))
        rows.append(row | {"roc_auc": float(roc_auc_score(label, score)), "accuracy": accuracy})
        print(rows[-1], flush=True)
    return rows


def refuse_changes() -> None:
    """Stop if the working tree differs from the last commit: it would change the results, and the end would undo it.

    Raises:
        SystemExit: Files differ; the message lists them.
    """
    command = ["git", "status", "--porcelain", "--untracked-files=no"]
    if changed := subprocess.run(command, check=True, capture_output=True, text=True).stdout:
        sys.exit(f"Commit or undo these changes first:\n{changed}")


if __name__ == "__main__":
    main()
