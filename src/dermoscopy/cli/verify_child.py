"""Short training for `dermoscopy verify-determinism`: one epoch of a few steps in each phase.

python -m dermoscopy.cli.verify_child MEMBER FOLDER
"""

import json
import sys
from pathlib import Path

import pandas as pd

from dermoscopy.check.params import Params
from dermoscopy.core.errors import UserError
from dermoscopy.core.interrupt import end_on_interrupt, next_run
from dermoscopy.core.params import load
from dermoscopy.core.protocol import read_audited_protocol
from dermoscopy.core.splits import read_train_and_val
from dermoscopy.networks.params import SmallCNN, Transfer, with_optimizer
from dermoscopy.train.member import MemberPaths, train_member
from dermoscopy.train.settings import TrainSettings

STEPS = 4


def one_epoch_per_phase(parameters: Transfer | SmallCNN) -> Transfer | SmallCNN:
    """Return a member's parameters with one epoch in each of its phases."""
    epochs = {"epochs": 1}
    if isinstance(parameters, Transfer):
        epochs["frozen_epochs"] = min(1, parameters.frozen_epochs)
    return parameters.model_copy(update=epochs)


def few_steps(rows: pd.DataFrame, batch_size: int) -> pd.DataFrame:
    """Return the first rows of each label of a split, enough for a few steps.

    Args:
        rows: Rows of a split's table.
        batch_size: Number of images per step.
    """
    return rows.groupby("label").head(STEPS * batch_size // 2 + 1)


def train_briefly(member: str, folder: Path) -> None:
    """Train a member like the train stage, but on few images and for one epoch per phase.

    Args:
        member: Name of the member.
        folder: Output folder, also for `used.json`: device, precision and number of devices.
    """
    params = load("", Params)
    parameters = with_optimizer(one_epoch_per_phase(params.models[member]), params.optimizer)
    train, val = read_train_and_val(Path("data/split"), read_audited_protocol(Path("data/audited")))
    used = train_member(
        member,
        parameters,
        few_steps(train, params.training.batch_size),
        few_steps(val, params.training.batch_size),
        TrainSettings(params.training, params.runtime, params.seed, protocol="", versions={}),
        MemberPaths(
            weights=Path("data/acquired/weights") / member,
            checkpoints=folder / "checkpoints",
            folder=folder / "model",
            table=folder / "curve.csv",
            metrics=folder / "metrics.json",
        ),
    )
    (folder / "used.json").write_text(json.dumps(used))


if __name__ == "__main__":
    end_on_interrupt("verify-determinism")
    try:
        with next_run(lambda: "It has changed nothing."):
            train_briefly(sys.argv[1], Path(sys.argv[2]))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
