"""Which precision a machine does well.

How TensorFlow uses the machine.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dermoscopy.networks.devices import list_gpus, add_logical_cpus, require_devices
from dermoscopy.networks.params import Precision, Runtime

logger = logging.getLogger(__name__)

# As /proc/cpuinfo names them: matrix tiles, and products of vectors.
BFLOAT16_FLAGS = {"amx_bf16", "avx512_bf16"}
# First compute capability of a graphics card whose tensor cores take the type.
BFLOAT16_CAPABILITY = (8, 0)
FLOAT16_CAPABILITY = (7, 0)


def fastest_precision(flags: str, capability: tuple[int, int] | None) -> Precision:
    """Return the precision a machine does well.

    Args:
        flags: What its processor can do, as /proc/cpuinfo lists it, separated by spaces; may be empty.
        capability: Compute capability of its graphics card, major and minor; None without one.
    """
    if capability is not None:
        if capability >= BFLOAT16_CAPABILITY:
            return "mixed_bfloat16"
        return "mixed_float16" if capability >= FLOAT16_CAPABILITY else "float32"
    return "mixed_bfloat16" if BFLOAT16_FLAGS & set(flags.split()) else "float32"


PROCESSOR = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """What a run computes with.

    Attributes:
        device: "CPU", or the graphics card's name.
        precision: Of the arithmetic, "auto" resolved.
        devices: How many share a batch.
    """

    device: str
    precision: Precision
    devices: int


def configure(runtime: Runtime) -> Machine:
    """Set threads, devices, determinism and precision; call it before anything else touches TensorFlow.

    Equal seeds and threads then give equal bytes. Names of layers, which are saved with their
    weights, start to count anew.

    Args:
        runtime: What to set.

    Returns:
        What that comes to on this machine.

    Raises:
        ParameterError: There are fewer graphics cards than `runtime.devices`.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # A process would take all of a card's memory at once, and leave none for a second one.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    with _silent_stderr():
        import keras
        import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(runtime.threads)
        tf.config.threading.set_inter_op_parallelism_threads(runtime.threads)
    except RuntimeError:
        # Threads are fixed by TensorFlow's first computation in a process.
        if tf.config.threading.get_intra_op_parallelism_threads() != runtime.threads:
            logger.warning("TensorFlow already runs with other threads than %d: bytes will differ.", runtime.threads)
    found = list_gpus()
    require_devices(runtime.devices, len(found))
    if not found:
        add_logical_cpus(runtime.devices)
    tf.config.experimental.enable_op_determinism()
    capability = found[0].capability if found else None
    precision = fastest_precision(processor_flags(), capability) if runtime.precision == "auto" else runtime.precision
    keras.utils.clear_session()  # resets the precision too: first
    keras.config.set_dtype_policy(precision)
    machine = Machine(found[0].name if found else "CPU", precision, runtime.devices)
    if runtime.precision == "auto":
        logger.info("runtime.precision auto is %s here (%s).", machine.precision, machine.device)
    return machine


def processor_flags(path: Path = PROCESSOR) -> str:
    """Return what the processor can do as Linux lists it, separated by spaces; nothing elsewhere."""
    if not path.is_file():
        return ""
    lines = path.read_text(errors="replace").splitlines()
    return next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what native code says while TensorFlow loads: some of it comes before any log level counts."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
