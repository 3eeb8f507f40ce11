"""Measure the time of training several members at the same time: --jobs 1, 2 and 4.

python benchmarks/jobs.py
python benchmarks/jobs.py tiny

The argument is a profile that uses the simulated dataset; the default is params.yaml as it is. Everything runs in a
clone of the last commit, in a temporary folder. The stages before training run first and are not counted. The train
stages then run with each number of jobs, never from DVC's cache, and must give the same hashes. The rows of that run
in docs/jobs.csv are replaced; ratio is how many times faster than one job. Run nothing else at the same time.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from dermoscopy.cli.dvc import run_dvc
from dermoscopy.cli.repro import BEFORE, BRANCHES, Prefixed, run_branches
from dermoscopy.cli.run import override, read_profile
from dermoscopy.core.params import Positive, load, read_yaml
from dermoscopy.networks.devices import divide_gpus, visible_gpus

JOBS = (1, 2, 4)
RESULTS = Path("docs/jobs.csv")
# Outputs of training, and the caches from which DVC or a training would restore them.
MADE = ("data/models", "data/curves", "metrics/train", ".dvc/cache", ".checkpoints")


class Counting(Prefixed):
    """Print every line and count the stages that ran."""

    ran = 0

    def tell(self, stage: str, line: str) -> None:
        """Print a line that a stage printed."""
        self.ran += line.startswith("Running stage")
        super().tell(stage, line)


def measure(jobs: int) -> tuple[float, dict[str, Any]]:
    """Train all members again in the working directory.

    Args:
        jobs: Number of members that train at the same time.

    Returns:
        Seconds, and the entry of each member in dvc.lock.
    """
    for folder in MADE:
        shutil.rmtree(folder, ignore_errors=True)
    told = Counting()
    start = time.monotonic()
    failed = run_branches(
        BRANCHES, jobs, divide_gpus(visible_gpus(os.environ), load("runtime.devices", Positive)), told
    )
    seconds = time.monotonic() - start
    if failed or told.ran != len(BRANCHES):
        raise SystemExit(f"{told.ran} of {len(BRANCHES)} ran, {len(failed)} failed: nothing was measured.")
    stages = read_yaml(Path("dvc.lock").read_text())["stages"]
    return seconds, {branch: stages[branch] for branch in BRANCHES}


def main() -> None:
    """Measure each number of jobs and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profile", nargs="?")
    profile = parser.parse_args().profile
    leaves = read_profile(profile) if profile else {}
    options = [option for key, value in leaves.items() for option in ("-S", override(key, value))]
    name = profile or "default"

    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", str(here), folder], check=True)
        os.chdir(folder)
        if run_dvc("exp", "run", *options, BEFORE) != 0:
            raise SystemExit("The stages before training failed.")
        threads = load("runtime.threads", Positive)
        seconds, locked = zip(*map(measure, JOBS), strict=True)
        os.chdir(here)
    if any(stages != locked[0] for stages in locked):
        raise SystemExit("Results differ between numbers of jobs: nothing is written.")
    rows = pd.DataFrame({"run": name, "cores": os.cpu_count(), "threads": threads, "jobs": JOBS, "seconds": seconds})
    rows["ratio"] = seconds[0] / rows["seconds"]
    others = pd.read_csv(RESULTS).query("run != @name") if RESULTS.is_file() else None
    pd.concat([others, rows.round({"seconds": 1, "ratio": 2})]).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
