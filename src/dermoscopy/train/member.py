"""One member, from the tables of train and val to all that its training leaves."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.files import alone, write_json
from dermoscopy.core.fingerprint import code_digest
from dermoscopy.core.progress import progress
from dermoscopy.core.tables import CURVE
from dermoscopy.networks.build import NO_WEIGHTS, build_member
from dermoscopy.networks.data import read_examples, require_both_labels
from dermoscopy.networks.devices import device_strategy
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import save_member
from dermoscopy.train.checkpoints import Checkpoint, checkpoint_key
from dermoscopy.train.fit import fit
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import Progress, TrainingCallback, log_chosen, log_epoch, open_live, training_progress
from dermoscopy.train.phases import phases
from dermoscopy.train.sampling import epoch_length
from dermoscopy.train.settings import TrainSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MemberPaths:
    """Where a member's training finds and leaves what.

    Attributes:
        weights: Folder of starting weights.
        checkpoints: Folder of what killed trainings go on from.
        folder: data/models/<member>: weights, how to rebuild and feed them, DVCLive's files.
        table: data/curves/<member>.csv.
        metrics: metrics/train/<member>.json.
    """

    weights: Path
    checkpoints: Path
    folder: Path
    table: Path
    metrics: Path


def train_member(
    member: str,
    parameters: Transfer | SmallCNN,
    train: pd.DataFrame,
    val: pd.DataFrame,
    settings: TrainSettings,
    places: MemberPaths,
) -> dict[str, Any]:
    """Train a member and write what it leaves.

    Equal arguments give equal bytes, in another process too, and also where a process before was
    killed: this one goes on behind its last finished epoch.

    Args:
        member: Its name.
        parameters: Its layers, optimizer and epochs.
        train: Rows of the train split, originals and copies.
        val: Rows of the val split.
        settings: What all members share.
        places: Where its starting weights and checkpoints are, and what is written.

    Returns:
        What the run used and how fast it was, for `runs/`.

    Raises:
        TrainingError: A split lacks a label, the loss is no longer finite, or the memory does not suffice.
        WeightsError: The starting weights are missing or do not fit.
    """
    training, runtime = settings.training, settings.runtime
    examples, held_out = (
        read_examples(rows, parameters.image_size, runtime.threads, memory=runtime.memory, folder=places.checkpoints)
        for rows in (train, val)
    )
    require_both_labels(examples, "train")
    require_both_labels(held_out, "val")
    machine = configure(runtime)
    key = {
        "parameters": parameters.model_dump(),
        **settings.key(),
        "machine": asdict(machine),
        "code": code_digest(__name__),
    }
    arrays: list[NDArray[Any]] = [examples.images, examples.labels, held_out.images, held_out.labels]
    files = []
    if isinstance(parameters, Transfer) and parameters.weights != NO_WEIGHTS:
        files.append(places.weights / f"{parameters.weights}.h5")
    with device_strategy(runtime.devices).scope():
        model = build_member(member, parameters, settings.seed, places.weights)
    checkpoint = Checkpoint(places.checkpoints / checkpoint_key(member, key, arrays, files))
    with ExitStack() as stack:
        stack.enter_context(alone(checkpoint.folder.with_suffix(".lock"), f"trains {member} with these parameters"))
        state = checkpoint.load()
        done = state.epochs if state else []
        if done:
            logger.info("%s goes on behind epoch %d, after which its last run ended.", member, len(done))
        live = stack.enter_context(open_live(places.folder / "live"))
        for epoch in done:
            log_epoch(live, epoch)
        length = epoch_length(examples.labels, training.balance)
        shown = stack.enter_context(
            training_progress(*(member, phases(parameters), length, training.batch_size, logger), done=len(done))
        )
        curve, predictions = fit(
            model,
            parameters,
            examples,
            held_out,
            settings.derived(member, "order"),
            state=state,
            save=checkpoint.save,
            callback=ReportingCallback(member, shown, live),
        )
        log_chosen(live, curve, held_out.labels.astype(np.int64), predictions)
        save_member(member, parameters, model, places.folder)
        write_curve(curve, settings.protocol, places.table, places.metrics)
        checkpoint.finish()
    return {
        "device": machine.device,
        "devices": machine.devices,
        "precision": machine.precision,
        "epochs": len(curve.epochs) - len(done),
        "images_per_second": round(shown.images_per_second, 1),
    }


class ReportingCallback(TrainingCallback):
    """Progress on the terminal, curves in DVCLive's folder."""

    def __init__(self, member: str, shown: Progress, live: Any) -> None:
        self.member, self.shown, self.live = member, shown, live

    def on_phase(self, place: int, trained: int) -> None:
        self.shown.begin(place, trained)

    def storing(self, images: int) -> AbstractContextManager[Callable[[int], None]]:
        return progress(f"{self.member}: storing features", images)

    def on_step(self, step: int, loss: float) -> None:
        self.shown.step(step, loss)

    def on_epoch(self, epoch: Epoch, chosen: bool) -> None:
        log_epoch(self.live, epoch)
        self.shown.epoch(epoch, chosen=chosen)


def write_curve(curve: Curve, protocol: str, table: Path, metrics: Path) -> None:
    """Write the epochs and the chosen one's metrics; each file appears whole or not at all.

    Args:
        curve: A member's training.
        protocol: How the splits were drawn, as `evaluation.protocol.shown` tells it.
        table: data/curves/<member>.csv.
        metrics: metrics/train/<member>.json.
    """
    CURVE.write(curve.frame(), table)
    write_json(metrics, {"protocol": protocol, **curve.summary()})
