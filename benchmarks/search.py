"""Measure the speed-up of the search by a second process, on the current outputs of split and augment.

python benchmarks/search.py

Writes docs/search.csv, one row per number of processes: trials, seconds (from the start of a new process to its end;
median of three runs, alternating), trials per minute, and their ratio to one process.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from dermoscopy.check.params import Params
from dermoscopy.core.params import load
from dermoscopy.core.protocol import read_audited_protocol
from dermoscopy.core.splits import read_train_and_val
from dermoscopy.search.search import run_search
from dermoscopy.train.settings import TrainSettings

RESULTS = Path("docs/search.csv")
JOBS = (1, 2)
REPEATS = 3
SAMPLED = 10


def search(jobs: int) -> None:
    """Run a search without recorded trials.

    Args:
        jobs: Number of processes.
    """
    params = load("", Params)
    train, val = read_train_and_val(Path("data/split"), read_audited_protocol(Path("data/audited")))
    parameters = params.search.model_copy(update={"jobs": jobs, "trials": SAMPLED, "scheduler": None})
    versions = json.loads(Path("data/environment.json").read_text())
    settings = TrainSettings(params.training, params.runtime, params.seed, protocol="", versions=versions)
    with tempfile.TemporaryDirectory() as checkpoints:
        run_search(train, val, parameters, settings, Path(checkpoints))


def main() -> None:
    """Measure each number of processes and write the rows."""
    seconds: dict[int, list[float]] = {jobs: [] for jobs in JOBS}
    for _ in range(REPEATS):
        for jobs, measured in seconds.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, __file__, str(jobs)], check=True)
            measured.append(time.perf_counter() - start)
    rows = pd.DataFrame({"jobs": JOBS, "seconds": [statistics.median(seconds[jobs]) for jobs in JOBS]})
    rows["trials"] = SAMPLED + len(load("", Params).search.known.model_dump())
    rows["trials_per_minute"] = 60 * rows["trials"] / rows["seconds"]
    rows["ratio"] = rows["trials_per_minute"] / rows["trials_per_minute"].iloc[0]
    rows.round(2).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    search(int(sys.argv[1])) if sys.argv[1:] else main()
