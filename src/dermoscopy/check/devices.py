"""Devices of the machine: what they demand of the parameters, and warnings if they are not used or slow."""

import logging
import os
from importlib.metadata import PackageNotFoundError, distribution

from dermoscopy.networks.devices import visible_gpus
from dermoscopy.networks.params import Runtime, Training
from dermoscopy.networks.runtime import BFLOAT16_FLAGS, cpu_flags

logger = logging.getLogger(__name__)

CPU_DISTRIBUTION = "tensorflow-cpu"


def batch_size_problems(runtime: Runtime, training: Training) -> list[str]:
    """Return the problems of `training.batch_size`: a multiple of `runtime.devices`, and more than 1 to mix images.

    Each device's loss counts alike, so with unequal batches an image's weight would depend on its device.

    Args:
        runtime: Block `runtime`.
        training: Block `training`.
    """
    if training.batch_size == 1 and training.mix != "none":
        return [
            f"training.mix: received {training.mix!r}; training.batch_size is 1, and an image is mixed with another "
            "one of its batch. Set a larger training.batch_size, or training.mix to none."
        ]
    per_device, rest = divmod(training.batch_size, runtime.devices)
    if rest == 0:
        return []
    multiples = [str(count * runtime.devices) for count in (per_device, per_device + 1) if count]
    return [
        f"training.batch_size: received {training.batch_size}; runtime.devices is {runtime.devices}, "
        f"and the devices divide a batch equally. Did you mean {' or '.join(multiples)}?"
    ]


def warn_unused_gpus() -> None:
    """Log a warning if the machine has GPUs but the installed TensorFlow supports CPUs only."""
    try:
        distribution(CPU_DISTRIBUTION)
    except PackageNotFoundError:
        return
    if gpus := visible_gpus(os.environ):
        logger.warning(
            "This machine has %d GPU%s, but the installed %s uses the CPU only. To use them, first run: "
            "pip uninstall --yes %s && pip install --editable '.[gpu]'",
            *(len(gpus), "s" if len(gpus) > 1 else "", CPU_DISTRIBUTION, CPU_DISTRIBUTION),
        )


def warn_slow_precision(runtime: Runtime) -> None:
    """Log a warning if the precision is bfloat16 and the processor can only imitate it.

    Args:
        runtime: Block `runtime`.
    """
    flags = set(cpu_flags().split())
    if runtime.precision == "mixed_bfloat16" and flags and not flags & BFLOAT16_FLAGS and not visible_gpus(os.environ):
        logger.warning(
            "runtime.precision is mixed_bfloat16, and this processor has no instructions for it (AMX or AVX512_BF16): "
            "expect a training to take 4 to 8 times as long as with float32. Set it to float32, or to auto."
        )
