"""Contenders of benchmarks/peers.py that use TensorFlow: this pipeline, and Keras the way the paper uses it.

python -m benchmarks.peers_keras pipeline|paper CASE
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from benchmarks.peers_worker import BATCH, Case, read_case, serve
from dermoscopy.core.params import load
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import backbone_layers, build_member, build_small_cnn, unfreeze
from dermoscopy.networks.data import Examples, batches, outputs
from dermoscopy.networks.layers import head
from dermoscopy.networks.multiply_adds import count_parameters
from dermoscopy.networks.optimizers import make_optimizer
from dermoscopy.networks.params import Member, Runtime, SmallCNN, Training, Transfer
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.target import BINARY
from dermoscopy.train.monitoring import TrainingCallback
from dermoscopy.train.phases import Phase
from dermoscopy.train.settings import TrainSettings
from dermoscopy.train.trainer import PhaseTrainer

Prepared = tuple[dict[str, Callable[[int], None]], int, int]
SEED = 1
VAL = 2  # images of val, which the trainer needs and the benchmark does not use


def parameters_of(case: Case) -> Transfer | SmallCNN:
    """Return the validated parameters of the member."""
    return TypeAdapter(Member).validate_python(case.member)


def pipeline(case: Case) -> Prepared:
    """Prepare this pipeline: cached images or features, and the trainer of the stage train."""
    parameters = parameters_of(case)
    runtime = load("runtime", Runtime)
    precision = "float32" if case.precision == "float32" else "mixed_bfloat16"
    runtime = runtime.model_copy(update={"threads": case.threads, "precision": precision, "eager": False, "devices": 1})
    configure(runtime)
    training = load("training", Training)
    # Without random changes of the images, so that features can be cached; the paper has none either.
    unchanged = {name: type(value)(0) for name, value in training.augment}
    augment = training.augment.model_copy(update=unchanged)
    training = training.model_copy(update={"batch_size": BATCH, "augment": augment, "target": "binary"})
    images = np.load(case.images)
    labels = np.resize(np.array([0, 1], np.float32), len(images))
    model = build_member("member", parameters, SEED)
    phase = Phase("trained", 1, parameters.learning_rate, None if case.trained == "all" else case.trained)
    settings = TrainSettings(training, runtime, SEED, protocol="", versions={})
    train, val = Examples(images, labels), Examples(images[:VAL], labels[:VAL])
    folder = Path(case.images).parent
    trainer = PhaseTrainer(model, parameters, phase, train, val, settings, BINARY, folder, TrainingCallback())

    def step(count: int) -> None:
        order = np.arange(count)
        data = batches(trainer.inputs, BATCH, truth=trainer.truth[order], order=order)
        trainer.model.fit(data, shuffle=False, verbose=0)

    def predict(count: int) -> None:
        outputs(model, [images[:count]], BATCH)

    return {"training": step, "inference": predict}, *counts(model)


def paper(case: Case) -> Prepared:
    """Prepare Keras alone: keras.applications, ImageDataGenerator from folders, model.fit."""
    import keras
    import tensorflow as tf
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    tf.config.threading.set_intra_op_parallelism_threads(case.threads)
    tf.config.threading.set_inter_op_parallelism_threads(case.threads)
    parameters = parameters_of(case)
    if isinstance(parameters, SmallCNN):
        model = build_small_cnn("member", parameters, SEED)  # of Keras's own layers
    else:
        constructor = getattr(keras.applications, BACKBONES[parameters.backbone].constructor)
        backbone = constructor(include_top=False, weights=None, input_shape=(parameters.image_size,) * 2 + (3,))
        pooled = keras.layers.GlobalAveragePooling2D(name="pooling")(backbone.output)
        probability = head(
            pooled,
            parameters.dense,
            dropout=parameters.dropout,
            l2=parameters.l2,
            initializer="glorot_uniform",
            classes=1,
            seed=SEED,
        )
        model = keras.Model(backbone.input, probability)
        unfreeze(backbone_layers(model, parameters), case.trained, frozen_batch_norm=case.trained != "all")
    optimizer = make_optimizer(parameters.optimizer, parameters.learning_rate, parameters.clip, parameters.clip_by)
    # XLA, Keras's default, makes a step slower on a CPU.
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"], jit_compile=False)
    # The small CNNs divide by 255 in their first layer.
    scale = None if isinstance(parameters, SmallCNN) else 1 / 255
    generator = ImageDataGenerator(rescale=scale)
    flow = generator.flow_from_directory(
        case.folder, (parameters.image_size,) * 2, class_mode="binary", batch_size=BATCH, seed=SEED
    )
    images = np.load(case.images) * np.float32(scale or 1)

    def step(count: int) -> None:
        model.fit(flow, steps_per_epoch=count // BATCH, verbose=0)

    def predict(count: int) -> None:
        model.predict(images[:count], batch_size=BATCH, verbose=0)

    return {"training": step, "inference": predict}, *counts(model)


def counts(model: Any) -> tuple[int, int]:
    """Return the number of all parameters of a network, and of those that are trained."""
    return count_parameters(model.weights), count_parameters(model.trainable_weights)


if __name__ == "__main__":
    contender = {"pipeline": pipeline, "paper": paper}[sys.argv[1]]
    case = read_case()
    serve(lambda: contender(case))
