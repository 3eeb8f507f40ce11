"""Measure what a leak buys: the same pipeline under the three protocols, one after the other.

python benchmarks/protocols.py simulated
python benchmarks/protocols.py ham10000 data.source=directory data.path=/path/to/ham10000 merge.lesions=1500

The first word names the archive in docs/protocols.csv, whose rows of that name are replaced; the
others are parameters that differ from params.yaml, as `dvc exp run -S` takes them. Each run is an
experiment in a folder of its own, so that the working tree stays as it is; it has to be clean, since
DVC would carry its changes over.
"""

import argparse
import io
import json
import subprocess
from pathlib import Path
from typing import get_args

import pandas as pd

from dermoscopy.core.splits import KNOWN
from dermoscopy.split.params import Protocol

RESULTS = Path("docs/protocols.csv")


def run(archive: str, protocol: str, overrides: list[str]) -> pd.DataFrame:
    """Run the pipeline under a protocol and return a row for each member and ensemble.

    Args:
        archive: A name for it.
        protocol: The value of split.protocol.
        overrides: Other parameters, each `key=value`.
    """
    name = f"leak-{archive}-{protocol}"
    subprocess.run(["dvc", "exp", "remove", name], capture_output=True)
    options = [word for override in [f"split.protocol={protocol}", *overrides] for word in ("-S", override)]
    subprocess.run(["dvc", "exp", "run", "--temp", "--name", name, *options], check=True)

    [experiment] = _git("for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{name}").split()
    scores = pd.read_csv(io.StringIO(_git("show", f"{experiment}:plots/roc_auc.csv")))
    audit = json.loads(_git("show", f"{experiment}:metrics/audit.json"))
    test = json.loads(_git("show", f"{experiment}:metrics/test.json"))
    scores = scores[scores["kind"].isin(["ensemble", "member"])]
    return pd.DataFrame(
        {
            "archive": archive,
            "protocol": protocol,
            "name": scores["name"],
            "roc_auc": scores["value"],
            "low": scores["low"],
            "high": scores["high"],
            "test_images": test["images"],
            "known": audit.get(KNOWN, 0.0),
        }
    )


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Run all three and write their rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_args()
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "params.yaml", "dvc.yaml", "src", "stages")
    if changed:
        raise SystemExit(f"These differ from the last commit, and would slip into what is measured:\n{changed}")
    runs = [run(arguments.archive, protocol, arguments.overrides) for protocol in get_args(Protocol)]
    others = pd.read_csv(RESULTS).query("archive != @arguments.archive") if RESULTS.is_file() else None
    pd.concat([others, *runs]).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
