"""Configuration of TensorFlow for the machine: threads, devices, precision, determinism."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dermoscopy.core.environment import fix_environment
from dermoscopy.networks.devices import add_logical_cpus, list_gpus, require_devices
from dermoscopy.networks.params import Precision, Runtime

logger = logging.getLogger(__name__)

# Flags in /proc/cpuinfo of instructions for bfloat16: matrix tiles, and dot products of vectors.
BFLOAT16_FLAGS = {"amx_bf16", "avx512_bf16"}
# Lowest compute capability of a GPU whose tensor cores support the type.
BFLOAT16_CAPABILITY = (8, 0)
FLOAT16_CAPABILITY = (7, 0)


def fastest_precision(flags: str, capability: tuple[int, int] | None) -> Precision:
    """Return the fastest precision that a machine supports in hardware.

    Args:
        flags: Flags of the CPU, as in /proc/cpuinfo, separated by spaces; may be empty.
        capability: Compute capability of the GPU, major and minor; None without a GPU.
    """
    if capability is not None:
        if capability >= BFLOAT16_CAPABILITY:
            return "mixed_bfloat16"
        return "mixed_float16" if capability >= FLOAT16_CAPABILITY else "float32"
    return "mixed_bfloat16" if BFLOAT16_FLAGS & set(flags.split()) else "float32"


CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """Hardware and precision of a run.

    Attributes:
        device: "CPU", or the name of the GPU.
        precision: Precision of the arithmetic, with "auto" resolved.
        devices: Number of devices that train one member.
    """

    device: str
    precision: Precision
    devices: int


def configure(runtime: Runtime) -> Machine:
    """Set threads, devices, determinism and precision; call this before any other use of TensorFlow.

    Equal seeds and threads then give equal bytes. The numbers in layer names, which are saved with the
    weights, are reset.

    Args:
        runtime: Parameters of the runtime.

    Returns:
        Hardware and precision that are used on this machine.

    Raises:
        ParameterError: There are fewer GPUs than `runtime.devices`.
    """
    if "keras" not in sys.modules:
        fix_environment()  # in the worker of a cluster, which is not a stage
        os.environ["KERAS_HOME"] = os.devnull  # without the user's keras.json
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Otherwise a process takes all memory of a GPU at once, and a second process fails.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    with _silent_stderr():
        import keras
        import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(runtime.threads)
        tf.config.threading.set_inter_op_parallelism_threads(runtime.threads)
    except RuntimeError:
        # The number of threads is fixed after the first computation of TensorFlow in a process.
        if tf.config.threading.get_intra_op_parallelism_threads() != runtime.threads:
            logger.warning(
                "TensorFlow already runs with another number of threads than %d: results may differ.", runtime.threads
            )
    found = list_gpus()
    require_devices(runtime.devices, len(found))
    if not found:
        add_logical_cpus(runtime.devices)
    tf.config.experimental.enable_op_determinism()
    capability = found[0].capability if found else None
    precision = fastest_precision(cpu_flags(), capability) if runtime.precision == "auto" else runtime.precision
    keras.utils.clear_session()  # first, since it resets the precision
    keras.config.set_dtype_policy(precision)
    machine = Machine(found[0].name if found else "CPU", precision, runtime.devices)
    if runtime.precision == "auto":
        logger.info("runtime.precision auto: using %s (%s).", machine.precision, machine.device)
    return machine


def cpu_flags(path: Path = CPU_INFO) -> str:
    """Return the flags of the CPU, separated by spaces; an empty string where Linux does not list them."""
    if not path.is_file():
        return ""
    lines = path.read_text(errors="replace").splitlines()
    return next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Discard stderr while TensorFlow is imported: native code prints lines before any log level is set."""
    stderr = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)
