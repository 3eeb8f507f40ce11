"""The devices one member trains on.

The GPUs of this machine, by the names CUDA_VISIBLE_DEVICES takes.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dermoscopy.core.errors import ParameterError


@dataclass(frozen=True)
class Gpu:
    """A graphics card.

    Attributes:
        name: What its maker calls it.
        capability: Its compute capability, major and minor; None where it tells none.
    """

    name: str
    capability: tuple[int, int] | None


def list_gpus() -> list[Gpu]:
    """Return the graphics cards TensorFlow can use."""
    import tensorflow as tf

    found = []
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        found.append(Gpu(details.get("device_name", device.name), details.get("compute_capability")))
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


def add_logical_cpus(devices: int) -> None:
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


def device_strategy(devices: int) -> Any:
    """Return how a network is spread over devices: build and compile it in the `scope()` of what is returned.

    Each device takes an equal share of every batch, and all take the same step. Give it whole shares: devices
    that are left without a image fail, and unequal ones count alike. To predict, wrap what was built in
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


def synchronize_batch_norm(model: Any) -> None:
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


DRIVER = Path("/proc/driver/nvidia/gpus")


def visible_gpus(environment: Mapping[str, str], driver: Path = DRIVER) -> list[str]:
    """Return the GPUs a process may use; none where there is no driver.

    Args:
        environment: Whose CUDA_VISIBLE_DEVICES, which SLURM and others set, says which; without it, all.
        driver: Where NVIDIA's driver tells of them if `nvidia-smi` is not there.
    """
    if "CUDA_VISIBLE_DEVICES" in environment:
        named = environment["CUDA_VISIBLE_DEVICES"].split(",")
        return [name.strip() for name in named if name.strip() not in {"", "-1", "none", "NoDevFiles"}]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
        told = listed.stdout if listed.returncode == 0 else ""
    except OSError:
        told = "".join(path.read_text() for path in sorted(driver.glob("*/information")))
    # Numbers would not do: nvidia-smi counts by slot, CUDA by speed.
    return re.findall(r"^GPU .*UUID:\s*(GPU-[\w-]+)", told, flags=re.MULTILINE)


def divide_gpus(gpus: Sequence[str], devices: int) -> list[str]:
    """Return what a branch may be given, as CUDA_VISIBLE_DEVICES takes it: so many GPUs, or all of too few.

    Args:
        gpus: All of them; those left over are given to none.
        devices: How many a member trains on, `runtime.devices`.
    """
    whole = range(0, len(gpus) - devices + 1, devices)
    return [",".join(gpus[start : start + devices]) for start in whole] or [",".join(gpus)] * bool(gpus)


def least_used(shares: Sequence[str], used: Sequence[str | None]) -> str | None:
    """Return the share of GPUs that the fewest use, of equals the first; none if there is none.

    Args:
        shares: All of them.
        used: The one each running branch was given.
    """
    return min(shares, key=used.count, default=None)
