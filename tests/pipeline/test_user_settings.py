"""Settings of a user that another project left in the environment and in keras.json change no output."""

import json

import pytest

from tests.pipeline.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.long]

SETTINGS = {
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "OPENBLAS_NUM_THREADS": "2",
    "OMP_NUM_THREADS": "2",
    "DVCLIVE_RESUME": "1",
    "MPLBACKEND": "nonsense",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "TZ": "Asia/Tokyo",
}
STAGES = ["train@cnn_b", "predict", "ensemble", "baselines", "evaluate", "explain", "report", "bundle"]


def test_the_settings_of_a_user_change_no_output(finished: Project, tmp_path, monkeypatch):
    project = finished.copy(tmp_path / "project")
    before = project.outputs()
    (tmp_path / "keras").mkdir()
    settings = {"backend": "torch", "image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}
    (tmp_path / "keras/keras.json").write_text(json.dumps(settings))
    (tmp_path / "matplotlibrc").write_text("font.size: 30\n")
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path))
    project.done("dvc", "repro", "--force", "--single-item", *STAGES)
    assert project.outputs() == before
