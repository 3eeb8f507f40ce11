"""Measure the effect of data leakage: run the pipeline under each of the three protocols.

python benchmarks/protocols.py simulated
python benchmarks/protocols.py ham10000 data.source=directory data.path=/path/to/ham10000 merge.lesions=1500

The first argument names the dataset in docs/protocols.csv; its rows are replaced. The other arguments are
parameters, as for `dvc exp run -S`. Each run is an experiment in its own folder, so the working tree does not
change. It must be clean, because DVC would copy uncommitted changes into the experiments.
"""

import argparse
import io
import json
import subprocess
from pathlib import Path
from typing import get_args

import pandas as pd

from dermoscopy.core.protocol import SHARED_LESIONS
from dermoscopy.split.params import Protocol

RESULTS = Path("docs/protocols.csv")


def run(dataset: str, protocol: str, overrides: list[str]) -> pd.DataFrame:
    """Run the pipeline under a protocol and return a row for each member and ensemble.

    Args:
        dataset: Name of the dataset in the table.
        protocol: Value of split.protocol.
        overrides: Other parameters, each as `key=value`.
    """
    name = f"leak-{dataset}-{protocol}"
    subprocess.run(["dvc", "exp", "remove", name], capture_output=True)
    options = [word for override in [f"split.protocol={protocol}", *overrides] for word in ("-S", override)]
    subprocess.run(["dvc", "exp", "run", "--temp", "--name", name, *options], check=True)

    [experiment] = _git("for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{name}").split()
    scores = pd.read_csv(io.StringIO(_git("show", f"{experiment}:plots/roc_auc.csv")))
    audit = json.loads(_git("show", f"{experiment}:metrics/audit.json"))
    test = audit["splits"]["test"]
    scores = scores[scores["kind"].isin(["ensemble", "member"])]
    return pd.DataFrame(
        {
            "dataset": dataset,
            "protocol": protocol,
            "name": scores["name"],
            "roc_auc": scores["value"],
            "low": scores["low"],
            "high": scores["high"],
            "test_images": test["images"] + test["augmented"],
            "known": audit.get(SHARED_LESIONS, 0.0),
        }
    )


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Run the three protocols and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_args()
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "params.yaml", "dvc.yaml", "src", "stages")
    if changed:
        raise SystemExit(f"Commit or undo these changes first, because they would change the results:\n{changed}")
    runs = [run(arguments.dataset, protocol, arguments.overrides) for protocol in get_args(Protocol)]
    other_rows = pd.read_csv(RESULTS).query("dataset != @arguments.dataset") if RESULTS.is_file() else None
    pd.concat([other_rows, *runs]).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
