"""Measure the speed of training and inference beside Keras the way the paper uses it, and PyTorch, on this machine.

python benchmarks/peers.py --torch path/to/python

Writes docs/peers.csv. PyTorch is not a dependency of this project; install it in an environment of its own:

python3 -m venv torch-environment
torch-environment/bin/pip install torch==2.13.0 numpy

and pass torch-environment/bin/python. Without --torch, its rows are left out. The images are the JPEG files of --images
(default: those of the stage merge), reduced to 224 pixels; batches have 32 images.

Each contender is a process that prepares its network and runs each task once. Then all take turns, so that whatever
else the machine does slows all of them. A row has the median, the smallest and the largest of the turns. ratio is the
median divided by that of this pipeline in the same precision. It takes about a quarter of an hour on two cores. Run
nothing else at the same time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.params import load
from dermoscopy.networks.data import read_images
from dermoscopy.networks.params import Models, Runtime

RESULTS = Path("docs/peers.csv")
IMAGE_SIZE = 224
IMAGES = 512  # most images that are read
TURNS = 5
PIPELINE = "this pipeline"


class Measured(NamedTuple):
    """A network that is measured.

    Attributes:
        member: Name of the member in params.yaml.
        title: Name in the table.
        trained: "all", or the number of the backbone's last layers that are trained.
        images: Number of images of a turn, by task, so that each turn takes about as long.
    """

    member: str
    title: str
    trained: str | int
    images: Mapping[str, int]


NETWORKS = (
    Measured("vgg19", "VGG19, all layers", "all", {"training": 32, "inference": 64}),
    Measured("inception_v3", "Inception V3, all layers", "all", {"training": 64, "inference": 128}),
    Measured("inception_v3", "Inception V3, last 150 layers", 150, {"training": 128}),
    Measured("cnn_a", "CNN A", "all", {"training": 960, "inference": 960}),
    Measured("cnn_b", "CNN B", "all", {"training": 1920, "inference": 1920}),
)


class Contender:
    """A process that trains or predicts on demand, see `peers_worker.serve`.

    Args:
        name: Name in the table.
        precision: "float32" or "bfloat16".
        command: Command of the process.
    """

    def __init__(self, name: str, precision: str, command: Sequence[str]) -> None:
        self.name, self.precision = name, precision
        environment = os.environ | {"PYTHONPATH": "src", "TF_CPP_MIN_LOG_LEVEL": "2"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.counts: dict[str, int] = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def turn(self, task: str, images: int) -> float:
        """Run a task, and return its milliseconds per image."""
        assert self.process.stdin
        print(json.dumps([task, images]), file=self.process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self._end()
            raise SystemExit(f"{self.name}, {self.precision}: the process ended; its message is above.")
        return json.loads(line)

    def _end(self) -> None:
        """Close the streams, upon which the process ends, and wait for it."""
        with self.process:
            pass


def contenders(case: dict[str, Any], torch: str | None) -> list[tuple[str, str, list[str]]]:
    """Return name, precision and command of each contender.

    Args:
        case: Fields of `peers_worker.Case` except the precision.
        torch: Path of the Python that has PyTorch; None leaves PyTorch out.
    """
    keras = [sys.executable, "-m", "benchmarks.peers_keras"]
    plain = [torch, "-m", "benchmarks.peers_torch"] if torch else None
    found = [
        (PIPELINE, "float32", [*keras, "pipeline"]),
        (PIPELINE, "bfloat16", [*keras, "pipeline"]),
        ("Keras, the paper's way", "float32", [*keras, "paper"]),
        *([("PyTorch", precision, plain) for precision in ("float32", "bfloat16")] if plain else []),
    ]
    return [
        (name, precision, [*command, json.dumps({**case, "precision": precision})])
        for name, precision, command in found
    ]


def measure(network: Measured, case: dict[str, Any], torch: str | None, turns: int) -> list[dict[str, Any]]:
    """Return the rows of a network: one for each task and contender.

    Args:
        network: The network.
        case: Fields of `peers_worker.Case` except the precision.
        torch: Path of the Python that has PyTorch; None leaves PyTorch out.
        turns: Number of turns.
    """
    with ExitStack() as stack:
        running = [stack.enter_context(Contender(*arguments)) for arguments in contenders(case, torch)]
        require_equal_counts(running)
        times: dict[tuple[str, Contender], list[float]] = {}
        for _ in range(turns):
            for task, images in network.images.items():
                for contender in running:
                    times.setdefault((task, contender), []).append(contender.turn(task, images))
    reference = {
        (task, contender.precision): median(of_turns)
        for (task, contender), of_turns in times.items()
        if contender.name == PIPELINE
    }
    return [
        {
            "member": network.title,
            "task": task,
            "contender": contender.name,
            "precision": contender.precision,
            "milliseconds": median(of_turns),
            "min": min(of_turns),
            "max": max(of_turns),
            "ratio": median(of_turns) / reference[task, contender.precision],
            "threads": case["threads"],
        }
        for task in network.images
        for (of_task, contender), of_turns in times.items()
        if of_task == task
    ]


def require_equal_counts(running: Sequence[Contender]) -> None:
    """Stop if the contenders do not have the same network: all and trained parameters are counted."""
    counts = {f"{contender.name}, {contender.precision}": contender.counts for contender in running}
    if len({json.dumps(count) for count in counts.values()}) > 1:
        raise SystemExit(f"The networks differ in their number of parameters: {counts}")


def write_images(files: Sequence[Path], decoded: NDArray[np.uint8], network: Measured, folder: Path) -> dict[str, str]:
    """Write the images of the longest turn as an array and as a folder of JPEG files for each label.

    Args:
        files: JPEG files, repeated if there are too few; every second one is malignant, since only the speed matters.
        decoded: The same images, decoded.
        network: The network that is measured.
        folder: Folder for both.

    Returns:
        Paths of both, by the fields of `peers_worker.Case`.
    """
    count = max(network.images.values())
    array, jpeg = folder / "images.npy", folder / "jpeg"
    np.save(array, np.resize(decoded, (count, *decoded.shape[1:])))
    for number, file in enumerate(islice(cycle(files), count)):
        link = jpeg / ("malignant" if number % 2 else "benign") / f"{number}.jpg"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file.resolve())
    return {"images": str(array), "folder": str(jpeg)}


def main() -> None:
    """Measure all networks and write the table."""
    parser = argparse.ArgumentParser(description="Measure the speed beside Keras and PyTorch.")
    parser.add_argument("--torch", help="Python that has PyTorch")
    parser.add_argument("--images", type=Path, default=Path("data/merged/images"), help="folder of JPEG files")
    parser.add_argument("--turns", type=int, default=TURNS, help="number of turns")
    parser.add_argument("--output", type=Path, default=RESULTS, help="CSV file for the table")
    parser.add_argument(
        "--network", action="append", metavar="TITLE", help="measure this network and keep the rows of the others"
    )
    options = parser.parse_args()
    titles = [network.title for network in NETWORKS]
    unknown = [title for title in options.network or () if title not in titles]
    if unknown:
        raise SystemExit(f"--network {unknown[0]}: expected one of {'; '.join(titles)}.")
    files = sorted(options.images.glob("*.jpg"))[:IMAGES]
    if len(files) < 2:
        raise SystemExit(f"{options.images} has no images: run dvc repro merge, or set --images.")
    models, threads = load("models", Models), load("runtime", Runtime).threads
    decoded = read_images(files, IMAGE_SIZE, threads)
    rows: list[dict[str, Any]] = []
    for network in NETWORKS:
        if options.network and network.title not in options.network:
            continue
        with tempfile.TemporaryDirectory() as folder:
            member = models[network.member].model_copy(update={"image_size": IMAGE_SIZE})
            case = {"member": member.model_dump(), "trained": network.trained, "threads": threads}
            case |= write_images(files, decoded, network, Path(folder))
            measured = measure(network, case, options.torch, options.turns)
        print(pd.DataFrame(measured).to_string(index=False), flush=True)
        rows += measured
    table = pd.DataFrame(rows).round(3)
    if options.network and options.output.is_file():
        table = pd.concat([pd.read_csv(options.output).query("member not in @options.network"), table])
        table = table.sort_values("member", key=lambda names: names.map(titles.index), kind="stable")
    table.to_csv(options.output, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
