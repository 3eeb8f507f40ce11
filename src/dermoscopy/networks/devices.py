"""The devices one member trains on."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from dermoscopy.errors import ParameterError


@dataclass(frozen=True)
class Card:
    """A graphics card.

    Attributes:
        name: What its maker calls it.
        capability: Its compute capability, major and minor; None where it tells none.
    """

    name: str
    capability: tuple[int, int] | None


def cards() -> list[Card]:
    """Return the graphics cards TensorFlow can use."""
    import tensorflow as tf

    found = []
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        found.append(Card(details.get("device_name", device.name), details.get("compute_capability")))
    return found


def require_devices(devices: int, found: int) -> None:
    """Refuse more devices than there are graphics cards, unless there is none at all.

    Args:
        devices: What `runtime.devices` asks for.
        found: How many cards there are.

    Raises:
        ParameterError: There are some, but fewer.
    """
    if 0 < found < devices:
        raise ParameterError(
            "params.yaml has 1 problem",
            [f"runtime.devices: received {devices}; TensorFlow finds {found} graphics card{'s' * (found > 1)} here"],
            f"Set runtime.devices to {found} or less.",
        )


def divide_processor(devices: int) -> None:
    """Make TensorFlow see the processor as several devices, to try without graphics cards what needs several.

    Args:
        devices: How many at least.

    Raises:
        RuntimeError: TensorFlow has already computed something in this process, on fewer of them.
    """
    import tensorflow as tf

    (processor,) = tf.config.list_physical_devices("CPU")
    if devices > len(tf.config.get_logical_device_configuration(processor) or [processor]):
        parts = [tf.config.LogicalDeviceConfiguration() for _ in range(devices)]
        tf.config.set_logical_device_configuration(processor, parts)


def distribution(devices: int) -> Any:
    """Return how a network is spread over devices: build and compile it in the `scope()` of what is returned.

    Each device takes an equal share of every batch, and all take the same step. Give it whole shares: devices
    that are left without a photograph fail, and unequal ones count alike. To predict, wrap what was built in
    `keras.Model(model.input, model.output)` outside of the scope: that runs on the first device alone.

    Args:
        devices: How many; `configure` has seen to it that they are there.

    Returns:
        A tf.distribute.Strategy: TensorFlow's default one for a single device, else a MirroredStrategy.
    """
    import tensorflow as tf

    if devices == 1:
        return tf.distribute.get_strategy()
    return _mirrored(devices)


@cache
def _mirrored(devices: int) -> Any:
    # Sums over devices are numbered by strategy, and a second one would take the first one's for its own.
    import tensorflow as tf

    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{number}" for number in range(devices)])


def share_statistics(model: Any) -> None:
    """Let batch normalisation see the whole batch, where each device has only a share of it.

    Args:
        model: A Keras model, built in the scope of a `distribution`.
    """
    import keras
    import tensorflow as tf

    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
