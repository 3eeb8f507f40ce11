"""A stage runs without the environment variables of a user that would change its outputs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dermoscopy.core.environment import FIXED, fixed_environment

STAGE = """
import json, os, sys
import numpy
from dermoscopy.core.stage import run

SETTINGS

def demo():
    \"\"\"Print what the stage sees.\"\"\"
    from threadpoolctl import threadpool_info
    import locale
    import scipy.linalg
    print(json.dumps({
        "environment": dict(os.environ),
        "threads": [pool["num_threads"] for pool in threadpool_info()],
        "encoding": locale.getpreferredencoding(False),
        "arguments": sys.orig_argv,
        "process": os.getpid(),
    }))

run(demo)
"""


def seen(folder: Path, settings: str = "", **variables: str) -> dict[str, Any]:
    """Return what a stage sees that is started with these environment variables."""
    script = folder / "demo.py"
    script.write_text(STAGE.replace("SETTINGS", settings))
    # TensorFlow, if another test has imported it, sets variables of its own.
    clean = {name: value for name, value in fixed_environment(os.environ, "UTF-8").items() if name not in FIXED}
    environment = {**clean, "PYTHONPATH": str(Path("src").resolve()), "DVC_ROOT": str(folder), **variables}
    process = subprocess.Popen(
        [sys.executable, script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert errors == ""
    return {**json.loads(output), "same process": process.pid}


@pytest.mark.parametrize(
    "name",
    [
        *("KERAS_BACKEND", "KERAS_NNX_ENABLED", "KERAS_MAX_EPOCHS", "TF_ENABLE_ONEDNN_OPTS", "TF_USE_LEGACY_KERAS"),
        *("TF_DETERMINISTIC_OPS", "TF_CONFIG", "TF_XLA_FLAGS", "TF2_BEHAVIOR", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE"),
        *("ONEDNN_MAX_CPU_ISA", "DNNL_DEFAULT_FPMATH_MODE", "CUBLAS_WORKSPACE_CONFIG", "MKL_NUM_THREADS"),
        *("OMP_NUM_THREADS", "OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "PANDAS_FUTURE_INFER_STRING"),
        *("SCIPY_ARRAY_API", "MATPLOTLIBRC", "MPLBACKEND", "DVCLIVE_RESUME", "PYTHONWARNINGS"),
    ],
)
def test_variables_that_change_results_are_removed_or_fixed(name: str) -> None:
    assert fixed_environment({name: "the user's"}, "UTF-8") == FIXED


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR", "TZ", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"),
        *("TF_CPP_MIN_LOG_LEVEL", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_GPU_ALLOCATOR", "TF_VAR_region", "KERAS_HOME"),
        *("HDF5_USE_FILE_LOCKING", "MPLCONFIGDIR", "DVC_ROOT", "DVC_STAGE", "PYTHONPATH", "TFX"),
    ],
)
def test_other_variables_stay(name: str) -> None:
    assert fixed_environment({name: "the user's"}, "UTF-8") == {name: "the user's"} | FIXED


@pytest.mark.parametrize(
    ("encoding", "mode"), [("UTF-8", None), ("utf-8", None), ("ANSI_X3.4-1968", "1"), ("CP1252", "1")]
)
def test_text_is_utf_8_in_every_locale(encoding: str, mode: str | None) -> None:
    assert fixed_environment({}, encoding).get("PYTHONUTF8") == mode


def test_a_stage_does_not_see_the_users_settings(tmp_path: Path) -> None:
    found = seen(tmp_path, KERAS_BACKEND="jax", OMP_NUM_THREADS="7", TF_ENABLE_ONEDNN_OPTS="0", HOME="/nowhere")
    assert found["environment"].items() >= {**FIXED, "HOME": "/nowhere"}.items()
    assert "TF_ENABLE_ONEDNN_OPTS" not in found["environment"]
    assert set(found["threads"]) == {1}
    assert found["arguments"][1:] == [str(tmp_path / "demo.py")]
    assert found["process"] == found["same process"]  # a child would outlive DVC


def test_libraries_use_one_thread_on_any_number_of_cores(tmp_path: Path) -> None:
    found = seen(tmp_path)
    assert set(found["threads"]) == {1}
    assert len(found["threads"]) > 1


def test_a_stage_starts_once_if_the_user_has_no_settings(tmp_path: Path) -> None:
    started = "open(os.environ['DVC_ROOT'] + '/started', 'a').write('x')"
    seen(tmp_path, started)
    assert (tmp_path / "started").read_text() == "x"
    seen(tmp_path, started, XLA_FLAGS="--xla_cpu_enable_fast_math=true")
    assert (tmp_path / "started").read_text() == "xxx"


def test_a_variable_that_a_library_sets_at_import_does_not_start_a_stage_for_ever(tmp_path: Path) -> None:
    found = seen(tmp_path, "os.environ['TF_SOMETHING'] = '1'")
    assert "TF_SOMETHING" not in found["environment"]


def test_a_locale_without_utf_8_is_replaced(tmp_path: Path) -> None:
    assert seen(tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")["encoding"].lower() == "utf-8"
