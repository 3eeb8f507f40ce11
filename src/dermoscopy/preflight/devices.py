"""Batches that cannot be shared out."""

from dermoscopy.params.runtime import Runtime
from dermoscopy.params.training import Training


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
