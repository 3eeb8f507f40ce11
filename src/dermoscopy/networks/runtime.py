"""How TensorFlow uses the machine."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from dermoscopy.params.runtime import Runtime

logger = logging.getLogger(__name__)


def configure(runtime: Runtime) -> None:
    """Set threads, determinism and precision; call it before anything else touches TensorFlow.

    Equal seeds and threads then give equal bytes. Names of layers, which are saved with their
    weights, start to count anew.

    Args:
        runtime: What to set.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
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
    tf.config.experimental.enable_op_determinism()
    keras.utils.clear_session()  # resets the precision too: first
    keras.config.set_dtype_policy(runtime.precision)


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
