"""Train a member from the tables of train and val, and write its outputs."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.files import exclusive_lock, write_json
from dermoscopy.core.fingerprint import code_digest
from dermoscopy.core.interrupt import next_run
from dermoscopy.core.progress import progress
from dermoscopy.core.tables import CURVE
from dermoscopy.networks.build import NO_WEIGHTS, build_member
from dermoscopy.networks.data import read_examples, require_both_labels
from dermoscopy.networks.devices import device_strategy
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import save_member
from dermoscopy.networks.target import make_target
from dermoscopy.train.checkpoints import Checkpoint, checkpoint_key
from dermoscopy.train.fit import fit
from dermoscopy.train.history import Curve, Epoch
from dermoscopy.train.monitoring import Progress, TrainingCallback, log_chosen, log_epoch, open_live, training_progress
from dermoscopy.train.order import epoch_length
from dermoscopy.train.phases import phases
from dermoscopy.train.settings import TrainSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MemberPaths:
    """Paths of a member's training.

    Attributes:
        weights: Folder of starting weights.
        checkpoints: Folder of checkpoints.
        folder: data/models/<member>, the folder of weights, parameters and DVCLive's files.
        table: data/curves/<member>.csv.
        metrics: metrics/val/<member>.json.
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
    paths: MemberPaths,
) -> dict[str, Any]:
    """Train a member and write its outputs.

    Equal arguments give equal bytes, also in another process. A training that was killed is resumed after its
    last finished epoch and gives the same bytes.

    Args:
        member: Name of the member.
        parameters: Parameters of the member.
        train: Rows of the train split, original and augmented images.
        val: Rows of the val split.
        settings: Settings that all members share.
        paths: Paths of starting weights, checkpoints and outputs.

    Returns:
        Hardware, precision, number of epochs and speed of the run, for `runs/`; the speed is None without an epoch.

    Raises:
        TrainingError: A split lacks a label, the loss is not finite, or the memory is insufficient.
        WeightsError: The starting weights are missing or do not fit the backbone.
    """
    training, runtime = settings.training, settings.runtime
    train_examples, val_examples = (
        read_examples(rows, parameters.image_size, runtime.threads, memory=runtime.memory, folder=paths.checkpoints)
        for rows in (train, val)
    )
    require_both_labels(train_examples, "train")
    require_both_labels(val_examples, "val")
    machine = configure(runtime)
    key = {
        "parameters": parameters.model_dump(),
        **settings.key(),
        "machine": asdict(machine),
        "code": code_digest(__name__),
    }
    arrays: list[NDArray[Any]] = [
        array for split in (train_examples, val_examples) for array in (split.images, split.labels)
    ]
    if train_examples.sources is not None:
        arrays.append(train_examples.sources)
    files = []
    if isinstance(parameters, Transfer) and parameters.weights != NO_WEIGHTS:
        files.append(paths.weights / f"{parameters.weights}.h5")
    target = make_target(training.target, pd.concat([train, val]))
    for split in (train_examples, val_examples):
        if not target.is_binary and split.diagnoses is not None:
            arrays.append(split.diagnoses)
    with device_strategy(runtime.devices).scope():
        model = build_member(member, parameters, settings.seed, paths.weights, target)
    checkpoint = Checkpoint(paths.checkpoints / checkpoint_key(member, key, arrays, files))
    with ExitStack() as stack:
        stack.enter_context(
            exclusive_lock(checkpoint.folder.with_suffix(".lock"), f"trains {member} with these parameters")
        )
        state = checkpoint.load()
        done = state.epochs if state else []
        if done:
            logger.info("%s: resuming after epoch %d.", member, len(done))
        stack.enter_context(next_run(checkpoint.next_run))
        live = stack.enter_context(open_live(paths.folder / "live"))
        for epoch in done:
            log_epoch(live, epoch)
        length = epoch_length(train_examples.labels, training.balance)
        progress_line = stack.enter_context(
            training_progress(*(member, phases(parameters), length, training.batch_size, logger), done=len(done))
        )
        curve, probabilities = fit(
            model,
            parameters,
            train_examples,
            val_examples,
            settings.derived(member, "order"),
            target=target,
            folder=paths.checkpoints,
            state=state,
            save=checkpoint.save,
            callback=_ReportingCallback(member, progress_line, live),
        )
        log_chosen(live, curve, val_examples.labels.astype(np.int64), probabilities)
        save_member(member, parameters, target, model, paths.folder)
        write_curve(curve, settings.protocol, paths.table, paths.metrics)
        checkpoint.finish()
    return {
        "device": machine.device,
        "devices": machine.devices,
        "precision": machine.precision,
        "epochs": len(curve.epochs) - len(done),
        "images_per_second": progress_line.images_per_second,
    }


class _ReportingCallback(TrainingCallback):
    """Show the progress on the terminal and log the epochs in DVCLive's folder."""

    def __init__(self, member: str, progress_line: Progress, live: Any) -> None:
        self.member, self.progress_line, self.live = member, progress_line, live

    def on_phase(self, number: int, trained: int) -> None:
        self.progress_line.begin(number, trained)

    def on_cache_plan(self, text: str) -> None:
        if text:
            logger.info("%s: %s.", self.member, text)

    def on_caching(self, images: int) -> AbstractContextManager[Callable[[int], None]]:
        return progress(f"{self.member}: caching features", images)

    def on_step(self, step: int, loss: float) -> None:
        self.progress_line.step(step, loss)

    def on_epoch(self, epoch: Epoch, chosen: bool) -> None:
        log_epoch(self.live, epoch)
        self.progress_line.epoch(epoch, chosen=chosen)


def write_curve(curve: Curve, protocol: str, table: Path, metrics: Path) -> None:
    """Write the curve and the val metrics of the chosen epoch; each file is written completely or not at all.

    Args:
        curve: Curve of a member's training.
        protocol: Title of the split protocol, from `core.protocol.protocol_title`.
        table: data/curves/<member>.csv.
        metrics: metrics/val/<member>.json.
    """
    CURVE.write(curve.frame(), table)
    write_json(metrics, {"protocol": protocol, **curve.val_metrics()})
