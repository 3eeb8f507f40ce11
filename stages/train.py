"""The train stage."""

import json
from pathlib import Path
from typing import Any

from dermoscopy.dataset.fitting import read_train_and_val
from dermoscopy.evaluation.protocol import read_audited, shown
from dermoscopy.params.block import Count
from dermoscopy.params.file import load
from dermoscopy.params.models import Member, Models, with_optimizer
from dermoscopy.params.optimizers import Optimizer
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training
from dermoscopy.stage import checkpoints, run
from dermoscopy.training.member import Outputs, train_member


def train(member: Member) -> dict[str, Any]:
    """Train one member and keep the epoch that val prefers; a killed training goes on where it was."""
    parameters = load(f"models.{member}", Models.model_fields[member].annotation)
    protocol = read_audited(Path("data/audited"))
    rows, held_out = read_train_and_val(Path("data/split"), protocol)
    return train_member(
        member,
        with_optimizer(parameters, load("optimizer", Optimizer | None)),
        rows,
        held_out,
        training=load("training", Training),
        runtime=load("runtime", Runtime),
        seed=load("seed", Count),
        protocol=shown(protocol),
        versions=json.loads(Path("data/environment.json").read_text()),
        weights=Path("data/weights"),
        checkpoints=checkpoints(),
        outputs=Outputs(
            folder=Path("data/models") / member,
            table=Path(f"data/curves/{member}.csv"),
            metrics=Path(f"metrics/train/{member}.json"),
        ),
    )


if __name__ == "__main__":
    run(train)
