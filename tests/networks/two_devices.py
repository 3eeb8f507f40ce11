"""Train a network on one and on two devices, and print the differences as JSON; run this in a new process."""

import json
import sys
from typing import Any

import numpy as np

from dermoscopy.networks.batch_norm import synchronize_batch_norm
from dermoscopy.networks.devices import device_strategy
from dermoscopy.networks.optimizers import make_optimizer
from dermoscopy.networks.params import ClipBy, Runtime
from dermoscopy.networks.runtime import configure

IMAGES, BATCH = 12, 8  # the last batch is smaller, and is also divided equally between two devices


def network(*, synchronized: bool = True) -> Any:
    import keras

    def seeded(seed: int) -> Any:
        return keras.initializers.GlorotUniform(seed)

    kinds = keras.layers
    layers = [
        kinds.Conv2D(4, 3, kernel_initializer=seeded(1)),
        kinds.BatchNormalization(momentum=0.5),
        kinds.MaxPooling2D(2),
        kinds.Flatten(),
        kinds.Dense(8, "relu", kernel_initializer=seeded(2), kernel_regularizer=keras.regularizers.L2(0.01)),
        kinds.Dense(1, "sigmoid", kernel_initializer=seeded(3)),
    ]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    if synchronized:
        synchronize_batch_norm(model)
    return model


def train(devices: int, clip: float | None, clip_by: ClipBy, **options: bool) -> list[np.ndarray]:
    import keras
    import tensorflow as tf

    random = np.random.default_rng(1)
    images = random.normal(size=(IMAGES, 8, 8, 3)).astype(np.float32)
    labels = (np.arange(IMAGES) % 2)[:, None].astype(np.float32)
    with device_strategy(devices).scope():
        model = network(**options)
        model.compile(make_optimizer("sgd", 0.1, clip, clip_by), "binary_crossentropy", jit_compile=False)
    examples = tf.data.Dataset.from_tensor_slices((images, labels)).batch(BATCH)
    model.fit(examples, epochs=2, shuffle=False, verbose=0)
    # An odd number of images, which cannot be divided between two devices.
    predicted = keras.Model(model.inputs, model.outputs).predict(images[: BATCH + 1], batch_size=BATCH, verbose=0)
    return [*model.get_weights(), predicted]


def difference(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    """Return the largest absolute difference."""
    return max(float(np.abs(left - right).max()) for left, right in zip(first, second, strict=True))


def main() -> None:
    runtime = Runtime(threads=2, precision="float32", eager=False, devices=2, memory=1, disk=0)
    machine = configure(runtime)
    clips: list[tuple[float | None, ClipBy]] = [(None, "value"), (0.01, "value"), (0.1, "global_norm")]
    single = {f"{clip_by} {clip}": train(1, clip, clip_by) for clip, clip_by in clips}
    double = {f"{clip_by} {clip}": train(2, clip, clip_by) for clip, clip_by in clips}
    configure(runtime.model_copy(update={"devices": 1}))  # as another stage in the same process
    unclipped = single["value None"]
    print(
        json.dumps(
            {
                "device": machine.device,
                "devices": machine.devices,
                "difference": {name: difference(single[name], double[name]) for name in single},
                "clipped": {name: difference(single[name], unclipped) for name in single if name != "value None"},
                "unsynchronized": difference(unclipped, train(2, None, "value", synchronized=False)),
            }
        )
    )


if __name__ == "__main__":
    sys.exit(main())
