"""Environment variables: a stage runs without those of the user that would change its outputs."""

import locale
import os
import re
import sys
from collections.abc import Mapping

from threadpoolctl import threadpool_limits

# Libraries read these when they are imported, and compute something else, or the same with other last digits.
CHANGES_RESULTS = re.compile(
    "(KERAS|TF|TF2|AUTOGRAPH|XLA|ONEDNN|DNNL|CUBLAS|CUDNN|OMP|GOMP|KMP|MKL|OPENBLAS|GOTO|BLIS|NPY|NUMPY|SCIPY"
    "|SKLEARN|PANDAS|DVCLIVE)_.*|NVIDIA_TF32_OVERRIDE|MATPLOTLIBRC|MPLBACKEND|PYTHONWARNINGS"
)
# Except these: they set folders, memory and log lines only, threadpoolctl sets one itself, or they are Terraform's.
KEPT = re.compile(
    "KERAS_HOME|TF_CPP_.*|TF_FORCE_GPU_ALLOW_GROWTH|TF_GPU_ALLOCATOR|KMP_DUPLICATE_LIB_OK|TF_(CLI|VAR)_.*"
)

FIXED = {
    "KERAS_BACKEND": "tensorflow",
    # The order of sums depends on the number of threads, and their default is the number of cores. The matrices
    # of this project are small. TensorFlow has its own threads: runtime.threads.
    "OMP_NUM_THREADS": "1",
}

RESTARTED = "DERMOSCOPY_RESTARTED"


def fixed_environment(environment: Mapping[str, str], encoding: str) -> dict[str, str]:
    """Return the environment in which a stage computes.

    Args:
        environment: The user's environment variables.
        encoding: Encoding of text files that the user's locale sets; if it is not UTF-8, Python's UTF-8 mode
            replaces it.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if KEPT.fullmatch(name) or not CHANGES_RESULTS.fullmatch(name)
    }
    utf8 = {} if encoding.lower() in ("utf-8", "utf8") else {"PYTHONUTF8": "1"}
    return kept | FIXED | utf8


def fix_environment() -> bool:
    """Fix the environment variables of this process.

    Returns:
        Whether libraries that are already imported may have read others: call `restart`.
    """
    before = dict(os.environ)
    after = fixed_environment(before, locale.getpreferredencoding(False))
    for name in before.keys() - after.keys():
        del os.environ[name]
    os.environ |= after
    threadpool_limits(1)  # of NumPy, which is already imported
    changed = before != {name: value for name, value in after.items() if name in before or name not in FIXED}
    return changed and RESTARTED not in before


def restart() -> None:
    """Replace this process by the same command, which then starts with the environment variables of this process."""
    os.environ[RESTARTED] = "1"  # once, even if a library sets a variable again when it is imported
    os.execv(sys.executable, sys.orig_argv)
