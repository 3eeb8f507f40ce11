"""Measure the time of input and of frozen layers in training, at 224 pixels, on the last output of the stage merge.

python benchmarks/training.py [MEMBER...]

Measures the members, all by default, and replaces their rows in docs/training.csv, a row per measure: its seconds, the
seconds of its reference and the value. Each time is the median of three, in turns. Run nothing else at the same time.

waiting for input: proportion of an epoch's time that is saved if all batches are the same cached one.
input only: time to read an epoch's batches without training, as a proportion of an epoch with the cached batch.
frozen phase: time of ten epochs with a frozen backbone and cached features, in forward passes of the backbone
    over the same images; each with a new network, whose graph has to be traced.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.check.params import Params
from dermoscopy.core.params import load
from dermoscopy.ham10000.duplicates import MERGED
from dermoscopy.networks.build import build_member
from dermoscopy.networks.data import Examples, batches, read_examples
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.target import BINARY
from dermoscopy.train.augmentation import sample_augmentations
from dermoscopy.train.features import cache_features, split_frozen
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.phases import phases
from dermoscopy.train.settings import TrainSettings
from dermoscopy.train.trainer import PhaseTrainer

RESULTS = Path("docs/training.csv")
IMAGE_SIZE = 224
REPEATS = 3
EPOCHS = 10
# Images of an epoch, some of them repeated: of most backbones, and of those that are slower or faster.
EPOCH, EPOCH_OF = 160, {"vgg16": 48, "vgg19": 48, "small_cnn": 1920}
# Images of a forward pass: of most backbones, and of those that are slower.
PASS, PASS_OF = 512, {"vgg16": 128, "vgg19": 128}
VAL = 16  # images of val
ALL_AUGMENTATIONS = {
    "flip": 0.5,
    "quarter_turns": True,
    "zoom": 0.1,
    "shift": 0.1,
    "crop": 0.1,
    "brightness": 0.1,
    "contrast": 0.1,
}


def timed(tasks: dict[str, Callable[[], None]]) -> pd.DataFrame:
    """Return the seconds of each task: a column per task, a row per turn."""
    turns = []
    for _ in range(REPEATS):
        turn = {}
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            turn[name] = time.perf_counter() - start
        turns.append(turn)
    return pd.DataFrame(turns)


def measure_input(member: str, params: Params, kept: dict[str, Examples]) -> list[dict[str, Any]]:
    """Return a row for each storage of the images, with and without augmentation, and each measure.

    Args:
        member: Name of the member; all its layers are trained.
        params: All parameters.
        kept: The same images by their storage, "memory" or "disk".
    """
    parameters = resized(member, params).model_copy(update={"weights": "none"})
    trainer = new_trainer(member, parameters, params, next(iter(kept.values())))
    count = len(kept["memory"].labels)
    images = EPOCH_OF.get(network_name(parameters), EPOCH)
    order = np.resize(np.random.default_rng(params.seed).permutation(count), images)

    def data(storage: str, augmented: bool) -> Any:
        settings = params.training.augment.model_copy(update=ALL_AUGMENTATIONS)
        augment = sample_augmentations(settings, len(order), seed=params.seed, epoch=1).apply if augmented else None
        images, labels = kept[storage].images, kept[storage].labels
        return batches([images], params.training.batch_size, truth=labels[order, None], order=order, augment=augment)

    def train(batches: Any) -> None:
        trainer.model.fit(batches, shuffle=False, verbose=0)

    def read(batches: Any) -> None:
        for _ in batches:
            pass

    steps = -(-len(order) // params.training.batch_size)
    same = data("memory", False).take(1).cache().repeat(steps)
    train(same)  # traces the graph
    cases = [(storage, augmented) for storage in kept for augmented in (False, True)]
    tasks: dict[str, Callable[[], None]] = {"same": lambda: train(same)}
    for case in cases:
        tasks[f"train {case}"] = lambda case=case: train(data(*case))
        tasks[f"read {case}"] = lambda case=case: read(data(*case))
    seconds = timed(tasks)
    rows = []
    for case in cases:
        about = {"member": member, "images": len(order), "kept": case[0], "augment": case[1]}
        epoch, input_only, same_batch = (seconds[name] for name in (f"train {case}", f"read {case}", "same"))
        rows += [
            row("waiting for input", about, epoch, same_batch, 1 - same_batch / epoch),
            row("input only", about, input_only, same_batch, input_only / same_batch),
        ]
    return rows


def measure_frozen_phase(member: str, params: Params, examples: Examples) -> dict[str, Any]:
    """Return the row of the frozen phase of a member.

    Args:
        member: Name of the member; its random weights are used as starting weights.
        params: All parameters.
        examples: Images and labels of train.
    """
    parameters = resized(member, params).model_copy(update={"weights": "given", "frozen_epochs": EPOCHS})
    # Without flips there is one view of each image.
    augment = params.training.augment.model_copy(update={"flip": 0.0})
    params = params.model_copy(update={"training": params.training.model_copy(update={"augment": augment})})
    count = PASS_OF.get(network_name(parameters), PASS)
    train = Examples(examples.images[:count], examples.labels[:count])
    images = np.concatenate([train.images, examples.images[:VAL]])

    def phase() -> None:
        trainer = new_trainer(member, parameters, params, train)
        for epoch in range(EPOCHS):
            trainer.epoch(epoch + 1)

    def forward() -> None:
        model = build_member(member, parameters, params.seed)
        for layer in model.layers[:-1]:
            layer.trainable = False
        cache_features(split_frozen(model), images, params.training.batch_size, eager=params.runtime.eager)

    seconds = timed({"phase": phase, "forward": forward})
    about = {"member": member, "images": len(images)}
    return row("frozen phase", about, seconds["phase"], seconds["forward"], seconds["phase"] / seconds["forward"])


def row(
    measure: str, about: dict[str, Any], seconds: pd.Series, reference: pd.Series, value: pd.Series
) -> dict[str, Any]:
    """Return a row with the medians over the turns."""
    return {
        "measure": measure,
        **about,
        "seconds": seconds.median(),
        "reference": reference.median(),
        "value": value.median(),
    }


def network_name(parameters: Transfer | SmallCNN) -> str:
    """Return the backbone of a member, or the kind of a member without one."""
    return parameters.backbone if isinstance(parameters, Transfer) else parameters.kind


def resized(member: str, params: Params) -> Transfer | SmallCNN:
    """Return a member's parameters with the image size of the measurements."""
    return params.models[member].model_copy(update={"image_size": IMAGE_SIZE})


def new_trainer(member: str, parameters: Transfer | SmallCNN, params: Params, train: Examples) -> PhaseTrainer:
    """Return the trainer of the first phase of a new network."""
    model = build_member(member, parameters, params.seed)
    val = Examples(train.images[:VAL], train.labels[:VAL])
    first = phases(parameters)[0]
    settings = TrainSettings(params.training, params.runtime, params.seed, protocol="", versions={})
    return PhaseTrainer(
        model, parameters, first, train, val, settings, BINARY, Path(tempfile.gettempdir()), TrainingCallback()
    )


def main(members: list[str]) -> None:
    """Measure members; an empty list measures all."""
    params = load("", Params)
    configure(params.runtime)
    table = MERGED.read(Path("data/merged/metadata.csv"))
    paths = [f"data/merged/images/{image_id}.jpg" for image_id in table["image_id"]]
    frame = table.assign(path=paths, label=(table["dx"] == "mel").astype(int))
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        kept = {
            storage: read_examples(frame, IMAGE_SIZE, params.runtime.threads, memory=memory, folder=Path(folder))
            for storage, memory in (("memory", np.inf), ("disk", 0.0))
        }
    measured = [name for name in params.models if name in members or not members]
    for member in measured:
        rows += measure_input(member, params, kept)
    rows += [
        measure_frozen_phase(member, params, kept["memory"])
        for member in measured
        if isinstance(params.models[member], Transfer)
    ]
    others = pd.read_csv(RESULTS).query("member not in @measured") if RESULTS.is_file() else None
    table = pd.concat([others, pd.DataFrame(rows).round(3)])
    table["order"] = table["member"].map(list(params.models).index) + 100 * (table["measure"] == "frozen phase")
    table = table.sort_values("order", kind="stable").drop(columns="order")
    table.to_csv(RESULTS, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
