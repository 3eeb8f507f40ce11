import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from dermoscopy.core.errors import UserError
from dermoscopy.networks.build import build_small_cnn, build_transfer
from dermoscopy.networks.data import outputs
from dermoscopy.networks.params import SmallCNN, Transfer
from dermoscopy.networks.saved import load_member, save_member
from dermoscopy.networks.target import BINARY
from tests.full_disk import run_on_full_disk

MakeCNN = Callable[..., SmallCNN]


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_a_loaded_small_cnn_predicts_the_same(small_cnn: MakeCNN, images: np.ndarray, tmp_path: Path) -> None:
    parameters = small_cnn(image_size=32, conv_layers=2)
    model = build_small_cnn("cnn_a", parameters, seed=7)
    save_member("cnn_a", parameters, BINARY, model, tmp_path / "cnn_a")
    loaded, read, _ = load_member(tmp_path / "cnn_a")
    assert read == parameters
    np.testing.assert_array_equal(outputs(loaded, [images], 2), outputs(model, [images], 2))


def test_a_member_with_starting_weights_is_loaded_without_them(
    transfer: Callable[..., Transfer], images: np.ndarray, tmp_path: Path
) -> None:
    parameters = transfer(weights="mine", normalization="backbone", dense=[4], dropout=0.5, l2=1e-5)
    model = build_transfer("vgg19", parameters, seed=7)
    save_member("vgg19", parameters, BINARY, model, tmp_path / "vgg19")
    loaded, read, _ = load_member(tmp_path / "vgg19")
    assert read == parameters
    np.testing.assert_array_equal(outputs(loaded, [images], 2), outputs(model, [images], 2))


def test_saved_bytes_are_reproducible_and_exclude_the_optimizer(small_cnn: MakeCNN, tmp_path: Path) -> None:
    parameters = small_cnn(image_size=32, conv_layers=2)
    model = build_small_cnn("cnn_a", parameters, seed=7)
    save_member("cnn_a", parameters, BINARY, model, tmp_path / "first")
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    save_member("cnn_a", parameters, BINARY, model, tmp_path / "second")
    for name in ("model.weights.h5", "model.yaml"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "second").iterdir()) == ["model.weights.h5", "model.yaml"]


SAVE = """
from pathlib import Path
import keras
from dermoscopy.networks.saved import save_member

model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(200)])
try:
    save_member("large", None, None, model, Path("large"))
except OSError as error:
    print(error.strerror, list(Path("large").iterdir()))
"""


@pytest.mark.slow
def test_a_full_disk_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    """HDF5 itself would print tracebacks and end the process with a segmentation fault."""
    environment = os.environ | {"PYTHONPATH": str(Path("src").resolve()), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", f"import os; os.chdir({str(tmp_path)!r})\n{SAVE}"]
    result = run_on_full_disk(tmp_path, command, env=environment)
    assert (result.returncode, result.stdout) == (0, "No space left on device []\n"), result.stderr


def test_the_parameters_are_saved_as_yaml(small_cnn: MakeCNN, tmp_path: Path) -> None:
    parameters = small_cnn(image_size=32, conv_layers=2, learning_rate=1e-5)
    save_member("cnn_a", parameters, BINARY, build_small_cnn("cnn_a", parameters, seed=7), tmp_path)
    card = yaml.safe_load((tmp_path / "model.yaml").read_text())
    expected = {"member": "cnn_a", "kind": "small_cnn", "parameters": parameters.model_dump(exclude={"kind"})}
    assert card == {**expected, "classes": {"malignant": 1}}


def test_loading_an_empty_folder_raises_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dvc checkout"):
        load_member(tmp_path)
