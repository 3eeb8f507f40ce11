"""Measure `dermoscopy predict` against the forward passes of its members, on this machine: time and memory.

python benchmarks/throughput.py --run path/to/project

Writes docs/throughput.csv. --run is the top folder of a project with a finished run (default: this project). The
images are those of --images (default: the images of test of the run). Both predict the same images: *forward passes*
are those of the members that the ensemble combines, over decoded images in memory; *predict* reads the files, checks
and decodes them, and adds calibration, decision and conformal set. Both are measured in turns, in one process; loading
the ensemble is left out. `ratio` is the median over the turns of the time of *predict* divided by that of the forward
passes. Then 10,000 images (the same ones again and again) are predicted at once, and `memory` is the largest resident
memory of the process in each tenth of the time, in megabytes. Run nothing else at the same time.
"""

import argparse
import threading
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import psutil

from dermoscopy.networks.data import read_images
from dermoscopy.predict.predict import predict_arrays
from dermoscopy.use.model import Model, load_model

RESULTS = Path("docs/throughput.csv")
TURNS = 5
IMAGES = 1024  # of a turn
MANY = 10_000
PERIODS = 10
INTERVAL = 0.2  # seconds between two measurements of the memory


def measure_time(model: Model, files: list[Path], turns: int) -> list[dict[str, Any]]:
    """Return the rows of both tasks.

    Args:
        model: The ensemble.
        files: The images.
        turns: Number of turns.
    """
    settings, threads = model.recorded, model.recorded.runtime.threads
    arrays = {name: read_images(files, one.parameters.image_size, threads) for name, one in model.members.items()}

    def forward() -> None:
        for name, member in model.members.items():
            predict_arrays(member, arrays[name], settings.predict, settings.runtime)

    tasks: dict[str, Callable[[], Any]] = {"forward passes": forward, "predict": lambda: model.predict(files)}
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(turns + 1):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            if turn:  # the first traces graphs
                times[name].append(time.perf_counter() - start)
    ratios = {
        name: median(one / other for one, other in zip(of_task, times["forward passes"], strict=True))
        for name, of_task in times.items()
    }
    return [
        {
            "task": name,
            "images": len(files),
            "members": " ".join(model.members),
            "milliseconds": 1000 * median(of_task) / len(files),
            "ratio": ratios[name],
            "threads": threads,
        }
        for name, of_task in times.items()
    ]


def measure_memory(model: Model, files: list[Path], images: int) -> list[dict[str, Any]]:
    """Return a row for each tenth of the prediction of many images.

    Args:
        model: The ensemble.
        files: The images, which are repeated.
        images: Number of images to predict.
    """
    process, found, done = psutil.Process(), [], threading.Event()

    def watch() -> None:
        while not done.wait(INTERVAL):
            found.append(process.memory_info().rss / 1e6)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        model.predict(list(islice(cycle(files), images)))
    finally:
        done.set()
        thread.join()
    bounds = [round(period * len(found) / PERIODS) for period in range(PERIODS + 1)]
    return [
        {
            "task": "memory",
            "images": images * (period + 1) // PERIODS,
            "members": " ".join(model.members),
            "memory": max(found[bounds[period] : bounds[period + 1]]),
            "threads": model.recorded.runtime.threads,
        }
        for period in range(PERIODS)
    ]


def main() -> None:
    """Measure time and memory and write the table."""
    parser = argparse.ArgumentParser(description="Measure dermoscopy predict against the members' forward passes.")
    parser.add_argument("--run", type=Path, default=Path(), help="top folder of a project with a finished run")
    parser.add_argument("--images", type=Path, help="folder of JPEG files")
    parser.add_argument("--turns", type=int, default=TURNS, help="number of turns")
    parser.add_argument("--many", type=int, default=MANY, help="number of images for the memory")
    parser.add_argument("--output", type=Path, default=RESULTS, help="CSV file for the table")
    options = parser.parse_args()
    folder = options.images or options.run / "data/split/test"
    files = sorted(folder.rglob("*.jpg"))[:IMAGES]
    if not files:
        raise SystemExit(f"{folder} has no JPEG file: set --run or --images.")
    model = load_model(options.run)
    rows = measure_time(model, files, options.turns)
    print(pd.DataFrame(rows).to_string(index=False), flush=True)
    rows += measure_memory(model, files, options.many)
    table = pd.DataFrame(rows).round({"milliseconds": 3, "ratio": 3, "memory": 0})
    print(table.to_string(index=False))
    table.to_csv(options.output, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
