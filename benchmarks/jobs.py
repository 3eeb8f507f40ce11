"""Measure the time of training several members at the same time: --jobs 1, 2 and 4.

python benchmarks/jobs.py
python benchmarks/jobs.py tiny

The argument is a profile that uses the simulated dataset; the default is params.yaml as it is. Everything runs in a
clone of the last commit, in a temporary folder. The stages before training run first and are not timed. The train
stages then run with each number of jobs, never from DVC's cache, and must give the same hashes. The rows of the profile
in docs/jobs.csv are replaced; ratio is the speed-up over one job. Run nothing else at the same time.
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
from dermoscopy.cli.repro import BEFORE_TRAINING, AllLines, run_stages, train_stages
from dermoscopy.cli.run import override, read_profile
from dermoscopy.core.params import Positive, load, read_yaml
from dermoscopy.networks.devices import divide_gpus, visible_gpus

JOBS = (1, 2, 4)
RESULTS = Path("docs/jobs.csv")
# Outputs of training, and the caches from which DVC or a training restores them.
MADE = ("data/models", "data/curves", "metrics/val", ".dvc/cache", ".checkpoints")


class Counting(AllLines):
    """Display of every line, which counts the stages that ran."""

    ran = 0

    def show_line(self, stage: str, line: str) -> None:
        """Print a line that a stage printed."""
        self.ran += line.startswith("Running stage")
        super().show_line(stage, line)


def measure(jobs: int) -> tuple[float, dict[str, Any]]:
    """Train all members again in the working directory.

    Args:
        jobs: Number of members that train at the same time.

    Returns:
        Seconds, and the entry of each train stage in dvc.lock.
    """
    for folder in MADE:
        shutil.rmtree(folder, ignore_errors=True)
    stages, display = train_stages(), Counting()
    start = time.monotonic()
    failed = run_stages(stages, jobs, divide_gpus(visible_gpus(os.environ), load("runtime.devices", Positive)), display)
    seconds = time.monotonic() - start
    if failed or display.ran != len(stages):
        raise SystemExit(f"{display.ran} of {len(stages)} stages ran, {len(failed)} failed: nothing was measured.")
    locked = read_yaml(Path("dvc.lock").read_text())["stages"]
    return seconds, {stage: locked[stage] for stage in stages}


def main() -> None:
    """Measure each number of jobs and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profile", nargs="?")
    profile = parser.parse_args().profile
    leaves = read_profile(profile) if profile else {}
    options = [option for key, value in leaves.items() for option in ("-S", override(key, value))]
    name = profile or "default"

    project = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", str(project), folder], check=True)
        os.chdir(folder)
        if run_dvc("exp", "run", *options, BEFORE_TRAINING) != 0:
            raise SystemExit("The stages before training failed.")
        threads = load("runtime.threads", Positive)
        seconds, locked = zip(*map(measure, JOBS), strict=True)
        os.chdir(project)
    if any(stages != locked[0] for stages in locked):
        raise SystemExit("Results differ between numbers of jobs: nothing is written.")
    rows = pd.DataFrame({"run": name, "cores": os.cpu_count(), "threads": threads, "jobs": JOBS, "seconds": seconds})
    rows["ratio"] = seconds[0] / rows["seconds"]
    other_rows = pd.read_csv(RESULTS).query("run != @name") if RESULTS.is_file() else None
    pd.concat([other_rows, rows.round({"seconds": 1, "ratio": 2})]).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
