"""Measure how much faster the search is with a second process, on the last outputs of the stages split and augment.

python benchmarks/search.py

Writes docs/search.csv, a row for each number of processes: trials, seconds (from the start of a new process to the
leaderboard; median of three, in turns), trials per minute, and their ratio to one process.
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
from dermoscopy.core.splits import read_audited_protocol, read_train_and_val
from dermoscopy.search.search import run_search

RESULTS = Path("docs/search.csv")
JOBS = (1, 2)
REPEATS = 3
DRAWN = 10


def search(jobs: int) -> None:
    """Run a search without saved trials."""
    params = load("", Params)
    train, val = read_train_and_val(Path("data/split"), read_audited_protocol(Path("data/audited")))
    with tempfile.TemporaryDirectory() as checkpoints:
        run_search(
            train,
            val,
            params.search.model_copy(update={"jobs": jobs, "trials": DRAWN, "scheduler": None}),
            training=params.training,
            runtime=params.runtime,
            seed=params.seed,
            versions=json.loads(Path("data/environment.json").read_text()),
            checkpoints=Path(checkpoints),
        )


def main() -> None:
    """Measure each number of processes."""
    seconds: dict[int, list[float]] = {jobs: [] for jobs in JOBS}
    for _ in range(REPEATS):
        for jobs, taken in seconds.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, __file__, str(jobs)], check=True)
            taken.append(time.perf_counter() - start)
    rows = pd.DataFrame({"jobs": JOBS, "seconds": [statistics.median(seconds[jobs]) for jobs in JOBS]})
    rows["trials"] = DRAWN + len(load("", Params).search.known.model_dump())
    rows["trials_per_minute"] = 60 * rows["trials"] / rows["seconds"]
    rows["ratio"] = rows["trials_per_minute"] / rows["trials_per_minute"].iloc[0]
    rows.round(2).to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    search(int(sys.argv[1])) if sys.argv[1:] else main()
