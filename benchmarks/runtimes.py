"""Measure the prediction of members by Keras, ONNX Runtime, OpenVINO and LiteRT, on this machine: speed and accuracy.

python -m benchmarks.runtimes --run path/to/project

Writes docs/runtimes.csv. --run is the top folder of a project with a finished run on real images (default: this
project): its members are converted as `dermoscopy export` does, with images of train, and predict val. Two networks
with random weights are added for their speed: VGG19 at 224 pixels and all of Inception V3. It needs the extra `export`,
and OpenVINO: pip install openvino

Each contender is a process that prepares its network. Then all take turns, so that whatever else the machine does slows
all of them. A row has the median, the smallest and the largest of the turns, in milliseconds per image in batches of
32; `speed` is the median of Keras in float32 divided by that of the row. `loss` is the ROC AUC of Keras in float32
minus that of the row, on val, with a 95 % interval. It takes about half an hour on two cores.
Run nothing else at the same time.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.peers import Contender
from benchmarks.runtimes_worker import PREDICTION
from dermoscopy.core.params import load
from dermoscopy.core.splits import read_split
from dermoscopy.export.convert import FORMATS, file_of, sample, write
from dermoscopy.export.parity import Exported, compare
from dermoscopy.networks.build import build_member
from dermoscopy.networks.data import read_images
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import SavedMember, load_member, save_member

RESULTS = Path("docs/runtimes.csv")
TURNS = 5
SECONDS = 2.0  # about the time of a turn of Keras
REFERENCE = ("Keras", "float32")
# Runtime, precision, and the format and precision of its file; Keras reads the member itself.
CONTENDERS: Sequence[tuple[str, str, str, str]] = (
    (*REFERENCE, "", ""),
    ("Keras", "bfloat16", "", ""),
    ("ONNX Runtime", "float32", "onnx", "float32"),
    ("ONNX Runtime", "int8", "onnx", "int8"),
    ("OpenVINO", "float32", "onnx", "float32"),
    ("OpenVINO", "bfloat16", "onnx", "float32"),
    ("OpenVINO", "int8", "onnx", "int8"),
    ("LiteRT", "float32", "litert", "float32"),
    ("LiteRT", "int8", "litert", "int8"),
)


class Measured(NamedTuple):
    """A member that is measured.

    Attributes:
        name: Name in the table.
        folder: Folder of the saved member.
        trained: Whether its weights are trained, so that it has a ROC AUC.
    """

    name: str
    folder: Path
    trained: bool


def find_members(run: Path, folder: Path) -> list[Measured]:
    """Return the members of a run, and two larger networks with random weights.

    Args:
        run: Top folder of the project.
        folder: Folder for the larger networks.
    """
    found = [
        Measured(path.parent.name, path.parent, True) for path in sorted((run / "data/models").glob("*/model.yaml"))
    ]
    for name, member, changes in (
        ("vgg19, 224 pixels, random weights", "vgg19", {"image_size": 224}),
        ("inception_v3, all layers, random weights", "inception_v3", {"image_size": 224, "output_layer": None}),
    ):
        if not (run / "data/models" / member / "model.yaml").is_file():
            continue
        saved = load_member(run / "data/models" / member)
        parameters = saved.parameters.model_copy(update={**changes, "weights": "none"})
        model = build_member(member, parameters, seed=1, target=saved.target)
        save_member(member, parameters, saved.target, model, folder / name)
        found.append(Measured(name, folder / name, False))
    return found


def convert(member: SavedMember, calibration: NDArray[np.uint8], folder: Path) -> None:
    """Write a member in all formats and precisions."""
    for precision in ("float32", "int8"):
        for kind in FORMATS:
            write(member, kind, precision, calibration, file_of(folder, "member", kind, precision))


def measure(
    measured: Measured, train: pd.DataFrame, val: pd.DataFrame, threads: int, turns: int, folder: Path
) -> list[dict[str, Any]]:
    """Return the rows of a member, one for each contender.

    Args:
        measured: The member.
        train: Rows of train.
        val: Rows of val.
        threads: Number of threads.
        turns: Number of turns.
        folder: Empty folder for files.
    """
    member = load_member(measured.folder)
    size = member.parameters.image_size
    convert(member, read_images(paths(sample(train)), size, threads), folder)
    np.save(folder / "images.npy", read_images(paths(val), size, threads))
    with ExitStack() as stack:
        running = []
        for number, (runtime, precision, kind, of_file) in enumerate(CONTENDERS):
            model = file_of(folder, "member", kind, of_file) if kind else measured.folder.resolve()
            case = {"runtime": runtime, "precision": precision, "model": str(model), "threads": threads}
            case |= {"images": str(folder / "images.npy"), "outputs": str(folder / f"{number}.npy")}
            command = [sys.executable, "-m", "benchmarks.runtimes_worker", json.dumps(case)]
            running.append(stack.enter_context(Contender(runtime, precision, command)))
        images = images_of_a_turn(running[0], len(val))
        times: list[list[float]] = [[] for _ in running]
        for _ in range(turns):
            for of_contender, contender in zip(times, running, strict=True):
                of_contender.append(contender.turn("inference", images))
        if measured.trained:
            for contender in running:
                contender.turn(PREDICTION, len(val))
    rows = []
    for number, (runtime, precision, kind, of_file) in enumerate(CONTENDERS):
        path = file_of(folder, "member", kind, of_file) if kind else measured.folder / "model.weights.h5"
        row: dict[str, Any] = {
            "member": measured.name,
            "image_size": size,
            "runtime": runtime,
            "precision": precision,
            "milliseconds": median(times[number]),
            "min": min(times[number]),
            "max": max(times[number]),
            "speed": median(times[0]) / median(times[number]),
            "megabytes": path.stat().st_size / 1e6,
        }
        if measured.trained:
            exported = Exported(measured.name, runtime, precision, path.stat().st_size)
            predicted = (np.load(folder / f"{one}.npy") for one in (0, number))
            kept = ("images", "difference", "roc_auc_keras", "roc_auc", "loss", "low", "high")
            compared = compare(exported, val, *predicted, member.target)
            row |= {key: compared[key] for key in kept}
        rows.append(row | {"threads": threads})
    return rows


def images_of_a_turn(contender: Contender, most: int) -> int:
    """Return the number of images, in whole batches, that a contender predicts in about `SECONDS`."""
    per_image = contender.turn("inference", 64)
    return int(min(max(1000 * SECONDS / per_image // 32, 1), most // 32)) * 32


def paths(rows: pd.DataFrame) -> list[Path]:
    """Return the files of the images of a split."""
    return [Path(path) for path in rows["path"]]


def main() -> None:
    """Measure all members and write the table."""
    parser = argparse.ArgumentParser(description="Measure the members by several runtimes.")
    parser.add_argument("--run", type=Path, default=Path(), help="top folder of a project with a finished run")
    parser.add_argument("--turns", type=int, default=TURNS, help="number of turns")
    parser.add_argument("--output", type=Path, default=RESULTS, help="CSV file for the table")
    parser.add_argument("--member", action="append", metavar="NAME", help="measure this member, keep the others' rows")
    options = parser.parse_args()
    runtime = load("runtime", Runtime).model_copy(update={"precision": "float32", "devices": 1})
    configure(runtime)
    tables = [read_split(options.run / "data/split" / f"{split}.csv", split) for split in ("train", "val")]
    train, val = (table.assign(path=[str(options.run / path) for path in table["path"]]) for table in tables)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for number, measured in enumerate(find_members(options.run, Path(temporary, "random"))):
            if options.member and measured.name not in options.member:
                continue
            folder = Path(temporary, str(number))
            folder.mkdir()
            found = measure(measured, train, val, runtime.threads, options.turns, folder)
            print(pd.DataFrame(found).to_string(index=False), flush=True)
            rows += found
    table = pd.DataFrame(rows)
    if options.member and options.output.is_file():
        table = pd.concat([pd.read_csv(options.output).query("member not in @options.member"), table])
    table.to_csv(options.output, index=False, lineterminator="\n", float_format="%.7g")


if __name__ == "__main__":
    main()
