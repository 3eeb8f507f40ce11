"""Train a member twice for a few steps and compare the weights."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from dermoscopy.cli.repository import top_folder
from dermoscopy.core.errors import UserError
from dermoscopy.core.files import sha256
from dermoscopy.core.members import require_member
from dermoscopy.core.params import Positive, load

NEEDED = (
    "data/audited",
    "data/split/train",
    "data/split/train.csv",
    "data/split/val",
    "data/split/val.csv",
    "data/augmented/train",
)


def verify_determinism(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="Member to train, such as cnn_a.")],
) -> None:
    """Train a member twice for a few steps and compare the bytes of the weights; exit code 0 if equal, 1 if not."""
    os.chdir(top_folder())
    require_member(member)
    if missing := [path for path in (*NEEDED, f"data/acquired/weights/{member}") if not Path(path).exists()]:
        raise UserError(f"Missing: {', '.join(missing)}. Make the training data first: dvc repro audit")
    with TemporaryDirectory() as folder:
        first, second = (_train(member, Path(folder, run)) for run in ("first", "second"))
        used = json.loads(Path(folder, "first", "used.json").read_text())
    threads = load("runtime.threads", Positive)
    setting = f"{used['device']}, {used['precision']}, threads: {threads}, devices: {used['devices']}"
    if first == second:
        print(f"{member}: two short trainings gave the same weights, sha256 {first} ({setting}).")
        return
    print(f"{member}: two short trainings gave different weights, sha256 {first} and {second} ({setting}).")
    raise typer.Exit(1)


def _train(member: str, folder: Path) -> str:
    """Train in a separate process and return the sha256 of the weights."""
    done = subprocess.run([sys.executable, "-m", "dermoscopy.cli.verify_child", member, str(folder)])
    if done.returncode:
        raise typer.Exit(done.returncode)
    return sha256(folder / "model" / "model.weights.h5")
