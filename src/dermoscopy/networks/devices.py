"""Devices: the GPUs that TensorFlow finds, training on several devices, and GPUs for parallel stages."""

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
    """A GPU that TensorFlow can use.

    Attributes:
        name: Name of its model.
        capability: Compute capability, major and minor; None if it is unknown.
    """

    name: str
    capability: tuple[int, int] | None


def list_gpus() -> list[Gpu]:
    """Return the GPUs that TensorFlow can use."""
    import tensorflow as tf

    found = []
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        found.append(Gpu(details.get("device_name", device.name), details.get("compute_capability")))
    return found


def require_devices(devices: int, found: int) -> None:
    """Raise an error if there are fewer GPUs than devices; without any GPU, the CPU is divided.

    Args:
        devices: Value of `runtime.devices`.
        found: Number of GPUs that TensorFlow finds.

    Raises:
        ParameterError: There are GPUs, but fewer than devices.
    """
    if 0 < found < devices:
        raise ParameterError(
            "params.yaml has 1 problem",
            [f"runtime.devices: received {devices}; TensorFlow finds {found} GPU{'s' * (found > 1)}"],
            f"Set runtime.devices to {found} or less.",
        )


def add_logical_cpus(devices: int) -> None:
    """Divide the CPU into several logical devices, to test training on several devices without GPUs.

    Args:
        devices: Smallest number of logical devices.

    Raises:
        RuntimeError: TensorFlow has already computed something in this process, on fewer logical devices.
    """
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    if devices > len(tf.config.get_logical_device_configuration(cpu) or [cpu]):
        logical = [tf.config.LogicalDeviceConfiguration() for _ in range(devices)]
        tf.config.set_logical_device_configuration(cpu, logical)


def device_strategy(devices: int) -> Any:
    """Return the strategy that trains a network on several devices; build and compile it in its `scope()`.

    Each device takes an equal part of every batch, and all take the same step. The number of images in a batch
    must be a multiple of the number of devices: a device without images fails, and parts of unequal size would
    have equal weight. To predict, wrap the model in `keras.Model(model.input, model.output)` outside of the
    scope: this runs on the first device only.

    Args:
        devices: Number of devices; `configure` has checked that they exist.

    Returns:
        A tf.distribute.Strategy: TensorFlow's default for a single device, else a MirroredStrategy.
    """
    import tensorflow as tf

    if devices == 1:
        return tf.distribute.get_strategy()
    return _mirrored(devices)


@cache
def _mirrored(devices: int) -> Any:
    # Cached, since a strategy numbers its sums over devices: a second strategy would reuse the numbers of the first.
    import tensorflow as tf

    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{number}" for number in range(devices)])


DRIVER = Path("/proc/driver/nvidia/gpus")


def visible_gpus(environment: Mapping[str, str], driver: Path = DRIVER) -> list[str]:
    """Return the GPUs that a process may use, as CUDA_VISIBLE_DEVICES names them; none without a driver.

    Args:
        environment: Environment variables. CUDA_VISIBLE_DEVICES, which SLURM and others set, selects GPUs;
            without it, all are returned.
        driver: Folder in which NVIDIA's driver describes the GPUs, for machines without `nvidia-smi`.
    """
    if "CUDA_VISIBLE_DEVICES" in environment:
        names = environment["CUDA_VISIBLE_DEVICES"].split(",")
        return [name.strip() for name in names if name.strip() not in {"", "-1", "none", "NoDevFiles"}]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
        text = listed.stdout if listed.returncode == 0 else ""
    except OSError:
        text = "".join(path.read_text() for path in sorted(driver.glob("*/information")))
    # UUIDs, since numbers are ambiguous: nvidia-smi counts by slot, CUDA by speed.
    return re.findall(r"^GPU .*UUID:\s*(GPU-[\w-]+)", text, flags=re.MULTILINE)


def divide_gpus(gpus: Sequence[str], devices: int) -> list[str]:
    """Divide the GPUs into sets for members that train at the same time, each a value of CUDA_VISIBLE_DEVICES.

    Args:
        gpus: Names of all GPUs; those that remain after the last full set are not used.
        devices: Number of GPUs of a set, `runtime.devices`; if there are fewer, all GPUs are one set.
    """
    starts = range(0, len(gpus) - devices + 1, devices)
    return [",".join(gpus[start : start + devices]) for start in starts] or [",".join(gpus)] * bool(gpus)


def least_used(gpu_sets: Sequence[str], used: Sequence[str | None]) -> str | None:
    """Return the set of GPUs with the fewest running members, the first of several; None if there is no set.

    Args:
        gpu_sets: All sets, from `divide_gpus`.
        used: Set of each running member.
    """
    return min(gpu_sets, key=used.count, default=None)
