"""The train stage."""

from pathlib import Path

from dermoscopy.dataset.fitting import read_train_and_val
from dermoscopy.evaluation.protocol import read_audited, shown
from dermoscopy.params.block import Count
from dermoscopy.params.file import load
from dermoscopy.params.models import Member, Models
from dermoscopy.params.optimizers import Optimizer
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training
from dermoscopy.stage import run
from dermoscopy.training.member import train_member, write_curve


def train(member: Member) -> None:
    """Train one member and keep the epoch that val prefers."""
    parameters = load(f"models.{member}", Models.model_fields[member].annotation)
    replaced = load("optimizer", Optimizer | None)
    if replaced is not None:
        parameters = parameters.model_copy(update={"optimizer": replaced})
    protocol = read_audited(Path("data/audited"))
    rows, held_out = read_train_and_val(Path("data/split"), protocol)
    curve = train_member(
        member,
        parameters,
        rows,
        held_out,
        training=load("training", Training),
        runtime=load("runtime", Runtime),
        seed=load("seed", Count),
        weights=Path("data/weights"),
        folder=Path("data/models") / member,
    )
    write_curve(curve, shown(protocol), Path(f"data/curves/{member}.csv"), Path(f"metrics/train/{member}.json"))


if __name__ == "__main__":
    run(train)
