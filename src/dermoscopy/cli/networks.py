"""List the networks of the members: size, parameters and multiply-adds, in all and in each phase of the training."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import pandas as pd
import typer

from dermoscopy.check.params import Params
from dermoscopy.cli.compare import plain_table
from dermoscopy.cli.held_out import require_writable_file
from dermoscopy.cli.repository import top_folder
from dermoscopy.core.files import atomic_write
from dermoscopy.core.params import load
from dermoscopy.core.tables import DIAGNOSES
from dermoscopy.networks.build import backbone_layers, build_member, unfreeze
from dermoscopy.networks.multiply_adds import count_parameters, multiply_adds
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.target import BINARY, Target
from dermoscopy.train.features import split_frozen
from dermoscopy.train.phases import phases

MILLION = 10**6
OUTPUT_HELP = "CSV file for the table."
NOTE = (
    "Multiply-adds of convolutions and dense layers in a forward pass for one image, in millions; a training step\n"
    "takes about three times as many. Trained part: from the first trained layer on; what is before it can be cached."
)


class NetworkRow(NamedTuple):
    """A phase of a member's training.

    Attributes:
        member: Name of the member.
        network: Name of its backbone, or its kind without one.
        image_size: Width and height of its images, in pixels.
        parameters: Number of all its parameters.
        multiply_adds: Multiply-adds of a forward pass for one image.
        phase: Name of the phase.
        trained_parameters: Number of the parameters that the phase trains.
        trained_multiply_adds: Multiply-adds of the part that follows the frozen layers, see `split_frozen`.
    """

    member: str
    network: str
    image_size: int
    parameters: int
    multiply_adds: int
    phase: str
    trained_parameters: int
    trained_multiply_adds: int


def networks(output: Annotated[Path | None, typer.Option(help=OUTPUT_HELP)] = None) -> None:
    """List the networks of the members in params.yaml: parameters and multiply-adds, in all and in each phase."""
    output = output and output.absolute()
    if output:
        require_writable_file(output)
    os.chdir(top_folder())
    params = load("", Params)
    configure(params.runtime.model_copy(update={"devices": 1, "precision": "float32"}))
    # Which diagnoses are malignant does not matter here.
    target = BINARY if params.training.target == "binary" else Target(dict.fromkeys(DIAGNOSES, 0))
    rows = [row for member in params.models.items() for row in rows_of_member(*member, target)]
    print(f"{render(rows)}\n\n{NOTE}")
    if output:
        with atomic_write(output) as temporary:
            pd.DataFrame(rows).to_csv(temporary, index=False, lineterminator="\n")


def rows_of_member(member: str, parameters: Transfer | SmallCNN, target: Target = BINARY) -> list[NetworkRow]:
    """Return a row for each phase of a member's training.

    Args:
        member: Name of the member.
        parameters: Parameters of the member. Its starting weights are not needed.
        target: Classes that the member predicts.
    """
    model = build_member(member, parameters, seed=0, target=target)
    network = parameters.backbone if isinstance(parameters, Transfer) else parameters.kind
    rows = []
    for phase in phases(parameters):
        if isinstance(parameters, Transfer) and phase.unfrozen is not None:
            unfreeze(backbone_layers(model, parameters), phase.unfrozen, frozen_batch_norm=parameters.frozen_batch_norm)
        partial = split_frozen(model)
        rows.append(
            NetworkRow(
                member,
                network,
                parameters.image_size,
                count_parameters(model.weights),
                multiply_adds(model),
                phase.name,
                count_parameters(model.trainable_weights),
                multiply_adds(partial.trained if partial else model),
            )
        )
    return rows


def render(rows: Sequence[NetworkRow]) -> str:
    """Return the networks as a table of plain text, a line for each phase."""
    header = (
        "member",
        "network",
        "image size",
        "parameters",
        "phase",
        "trained",
        "multiply-adds (M)",
        "trained part (M)",
    )
    lines = [
        (
            row.member,
            row.network,
            str(row.image_size),
            f"{row.parameters:,}",
            row.phase,
            f"{row.trained_parameters:,}",
            f"{row.multiply_adds / MILLION:,.1f}",
            f"{row.trained_multiply_adds / MILLION:,.1f}",
        )
        for row in rows
    ]
    return plain_table([header, *lines])
