"""Batches that cannot be shared out, and graphics cards that nobody would use."""

import logging
import os
from importlib.metadata import PackageNotFoundError, distribution

from dermoscopy.networks.gpus import visible
from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training

logger = logging.getLogger(__name__)

FOR_PROCESSORS = "tensorflow-cpu"


def device_problems(runtime: Runtime, training: Training) -> list[str]:
    """Return what is wrong with `training.batch_size`, given `runtime.devices`: one line, or none.

    Devices with unequal shares would count alike, so that a photograph's weight would depend on its device.

    Args:
        runtime: How the machine is used.
        training: What all members share.
    """
    shares, rest = divmod(training.batch_size, runtime.devices)
    if rest == 0:
        return []
    fitting = [str(count * runtime.devices) for count in (shares, shares + 1) if count]
    return [
        f"training.batch_size: received {training.batch_size}; runtime.devices is {runtime.devices}, "
        f"and each takes an equal share of a batch. Did you mean {' or '.join(fitting)}?"
    ]


def tell_unused_gpus() -> None:
    """Tell of GPUs that are here while TensorFlow for processors alone is installed."""
    try:
        distribution(FOR_PROCESSORS)
    except PackageNotFoundError:
        return
    if gpus := visible(os.environ):
        logger.warning(
            "This machine has %d GPU%s, but %s is installed, which computes on the processor. To use them, first: "
            "pip uninstall --yes %s && pip install --editable '.[gpu]'",
            *(len(gpus), "s" if len(gpus) > 1 else "", FOR_PROCESSORS, FOR_PROCESSORS),
        )
