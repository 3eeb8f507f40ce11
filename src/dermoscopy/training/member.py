"""One member, from the tables of train and val to its folder, its curve and its metrics."""

import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from dermoscopy.networks.member import build_member
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import save_member
from dermoscopy.networks.seeds import derive
from dermoscopy.params.models import SmallCNN, Transfer
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training
from dermoscopy.tables.curves import CURVE
from dermoscopy.training.curve import Curve, Epoch
from dermoscopy.training.examples import read_examples, require_both_labels
from dermoscopy.training.fit import fit
from dermoscopy.training.live import log_chosen, log_epoch, open_live
from dermoscopy.training.phases import phases
from dermoscopy.training.progress import Progress

logger = logging.getLogger(__name__)


def train_member(
    member: str,
    parameters: Transfer | SmallCNN,
    train: pd.DataFrame,
    val: pd.DataFrame,
    *,
    training: Training,
    runtime: Runtime,
    seed: int,
    weights: Path,
    folder: Path,
) -> Curve:
    """Train a member and write its folder: weights, how to rebuild and feed them, DVCLive's files.

    Equal arguments give equal bytes, in another process too.

    Args:
        member: Its name.
        parameters: Its layers, optimizer and epochs.
        train: Rows of the train part, originals and copies.
        val: Rows of the val part.
        training: What all members share.
        runtime: How the machine is used.
        seed: The top-level one; mixed with the member's name.
        weights: Folder of starting weights.
        folder: data/models/<member>.

    Returns:
        All epochs, and the chosen one.

    Raises:
        TrainingError: A part lacks a label, or the loss is no longer finite.
        WeightsError: The starting weights are missing or do not fit.
    """
    examples, held_out = (read_examples(rows, parameters.image_size, runtime.threads) for rows in (train, val))
    require_both_labels(examples, "train")
    require_both_labels(held_out, "val")
    configure(runtime)
    model = build_member(member, parameters, seed, weights)
    epochs = sum(phase.epochs for phase in phases(parameters))
    progress = Progress(member, epochs, len(examples.labels), training.batch_size, logger)
    with open_live(folder / "live") as live:

        def on_epoch(epoch: Epoch, chosen: bool) -> None:
            log_epoch(live, epoch)
            progress.epoch(epoch, chosen=chosen)

        curve, answers = fit(
            model,
            parameters,
            examples,
            held_out,
            training=training,
            seed=derive(seed, member, "order"),
            eager=runtime.eager,
            on_epoch=on_epoch,
            on_step=progress.step,
        )
        log_chosen(live, curve, held_out.labels.astype(np.int64), answers)
    save_member(member, parameters, model, folder)
    return curve


def write_curve(curve: Curve, protocol: str, table: Path, metrics: Path) -> None:
    """Write the epochs and the chosen one's metrics; each file appears whole or not at all.

    Args:
        curve: A member's training.
        protocol: How the parts were drawn, as `evaluation.protocol.read_protocol` tells it.
        table: data/curves/<member>.csv.
        metrics: metrics/train/<member>.json.
    """
    CURVE.write(curve.frame(), table)
    metrics.parent.mkdir(parents=True, exist_ok=True)
    beside = metrics.with_name(f".{metrics.name}.tmp")
    beside.write_text(json.dumps({"protocol": protocol, **curve.summary()}, indent=2) + "\n")
    beside.replace(metrics)
