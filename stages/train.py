"""The train stage."""

import json
from pathlib import Path
from typing import Any

from dermoscopy.core.interrupt import next_run
from dermoscopy.core.members import require_member
from dermoscopy.core.params import Count, load
from dermoscopy.core.protocol import protocol_title, read_audited_protocol
from dermoscopy.core.splits import read_train_and_val
from dermoscopy.core.stage import checkpoints, run
from dermoscopy.networks.params import Member, Optimizer, Runtime, Training, with_optimizer
from dermoscopy.train.member import MemberPaths, train_member
from dermoscopy.train.settings import TrainSettings


def train(member: str) -> dict[str, Any]:
    """Train a member and keep the epoch with the best metric on val; a killed training is resumed."""
    parameters = load(f"models.{member}", Member)
    protocol = read_audited_protocol(Path("data/audited"))
    train_rows, val_rows = read_train_and_val(Path("data/split"), protocol)
    settings = TrainSettings(
        training=load("training", Training),
        runtime=load("runtime", Runtime),
        seed=load("seed", Count),
        protocol=protocol_title(protocol),
        versions=json.loads(Path("data/environment.json").read_text()),
    )
    paths = MemberPaths(
        weights=Path("data/acquired/weights") / member,
        checkpoints=checkpoints(),
        folder=Path("data/models") / member,
        table=Path(f"data/curves/{member}.csv"),
        metrics=Path(f"metrics/val/{member}.json"),
    )
    with next_run(lambda: "The next run resumes after the last finished epoch."):
        return train_member(
            member,
            with_optimizer(parameters, load("optimizer", Optimizer | None)),
            train_rows,
            val_rows,
            settings,
            paths,
        )


if __name__ == "__main__":
    run(train, require_member)
