"""Files of weights: hostile HDF5 files are refused with one reason each."""

import ast
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from dermoscopy.core.errors import WeightsError
from dermoscopy.networks.build import build_small_cnn
from dermoscopy.networks.params import SmallCNN
from dermoscopy.networks.weights_file import MAX_DEPTH, check_weights, load_weights
from tests.pipeline.imports import PACKAGE

ARRAY = "layers/conv2d/vars/0"
SECRET = "secret.h5"


def external_link(file: h5py.File, folder: Path) -> None:
    del file[ARRAY]
    file[ARRAY] = h5py.ExternalLink(folder / SECRET, "/values")


def loop_of_soft_links(file: h5py.File, folder: Path) -> None:
    file["layers/a"] = h5py.SoftLink("/layers/b")
    file["layers/b"] = h5py.SoftLink("/layers/a")


def virtual_array(file: h5py.File, folder: Path) -> None:
    shape = file[ARRAY].shape
    layout = h5py.VirtualLayout(shape, "f4")
    layout[:] = h5py.VirtualSource(folder / SECRET, "values", shape)
    del file[ARRAY]
    file.create_virtual_dataset(ARRAY, layout)


def external_array(file: h5py.File, folder: Path) -> None:
    shape = file[ARRAY].shape
    del file[ARRAY]
    file.create_dataset(ARRAY, shape, "f4", external=[(os.fsencode(folder / SECRET), 0, 10**6)])


def huge_array(file: h5py.File, folder: Path) -> None:
    del file[ARRAY]
    file.create_dataset(ARRAY, (10**12,), "f4", chunks=(10**6,))


def array_without_values(file: h5py.File, folder: Path) -> None:
    shape = file[ARRAY].shape
    del file[ARRAY]
    file.create_dataset(ARRAY, shape, "f4")  # HDF5 reserves space when values are written


def zip_bomb(file: h5py.File, folder: Path) -> None:
    """One chunk that declares 32 values and expands to 64 MB."""
    import zlib

    del file[ARRAY]
    array = file.create_dataset(ARRAY, (32,), "f4", chunks=(32,), compression="gzip")
    array.id.write_direct_chunk((0,), zlib.compress(bytes(2**26)))


def huge_chunk(file: h5py.File, folder: Path) -> None:
    del file[ARRAY]
    file.create_dataset(ARRAY, (32,), "f4", chunks=(2**28,), maxshape=(None,), compression="gzip")


def loop_of_groups(file: h5py.File, folder: Path) -> None:
    file["layers/conv2d/again"] = file["layers"]


def array_of_many_names(file: h5py.File, folder: Path) -> None:
    for number in range(1000):
        file[f"layers/name_{number}"] = file[ARRAY]


def deep_groups(file: h5py.File, folder: Path) -> None:
    file.create_group("/".join("a" * (MAX_DEPTH + 1)))


def other_filter(file: h5py.File, folder: Path) -> None:
    del file[ARRAY]
    file.create_dataset(ARRAY, data=np.ones(32, "f4"), chunks=(32,), compression="lzf")


def references(file: h5py.File, folder: Path) -> None:
    file["layers"].attrs["names"] = file[ARRAY].ref


def array_of_text(file: h5py.File, folder: Path) -> None:
    del file[ARRAY]
    file.create_dataset(ARRAY, data=["text"] * 8)


def named_type(file: h5py.File, folder: Path) -> None:
    file["layers/type"] = np.dtype("f4")


HOSTILE: dict[str, tuple[Callable[[h5py.File, Path], None], str]] = {
    "external link": (external_link, "an external link"),
    "loop of soft links": (loop_of_soft_links, "a soft link"),
    "virtual array": (virtual_array, "a virtual array"),
    "external array": (external_array, "an array in an external file"),
    "huge array": (huge_array, "arrays of 4,000,0"),
    "array without values": (array_without_values, "that the file does not have"),
    "zip bomb": (zip_bomb, "does not expand to 128 bytes"),
    "huge chunk": (huge_chunk, "chunks of 1,073,741,824 bytes"),
    "loop of groups": (loop_of_groups, "a loop"),
    "array of many names": (array_of_many_names, "two names for one object"),
    "deep groups": (deep_groups, "levels of groups"),
    "other filter": (other_filter, "other filters than gzip"),
    "references": (references, "neither text nor numbers"),
    "array of text": (array_of_text, "not of numbers"),
    "named type": (named_type, "neither a group nor an array"),
}


@pytest.fixture
def network(small_cnn: Callable[..., SmallCNN]) -> Any:
    return build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2), seed=7)


@pytest.fixture
def weights(network: Any, tmp_path: Path) -> Path:
    """A valid file of weights, beside a file that no other may read."""
    with h5py.File(tmp_path / SECRET, "w") as file:
        file["values"] = np.ones((3, 3, 3, 8), "f4")
    path = tmp_path / "model.weights.h5"
    network.save_weights(path)
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_one_reason(network: Any, weights: Path, tmp_path: Path, name: str) -> None:
    change, reason = HOSTILE[name]
    with h5py.File(weights, "r+") as file:
        assert ARRAY in file
        change(file, tmp_path)
    before = [variable.numpy() for variable in network.variables]
    with pytest.raises(WeightsError) as error:
        load_weights(network, weights)
    message = str(error.value)
    assert message.startswith(f"{weights}: refused, since it has ")
    assert reason in message
    assert "\n" not in message
    for variable, values in zip(network.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), values)


def test_a_valid_file_is_read(network: Any, weights: Path) -> None:
    before = [variable.numpy() for variable in network.weights]
    for variable in network.weights:
        variable.assign(np.zeros(variable.shape))
    load_weights(network, weights)
    for variable, values in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), values)


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, {"compression": "gzip", "shuffle": True}])
def test_a_file_in_chunks_is_accepted(tmp_path: Path, options: dict[str, Any]) -> None:
    values = np.random.default_rng(0).normal(size=(10, 130)).astype("f4")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_dataset("group/values", data=values, chunks=(8, 64), **options)
        file["group"].attrs["names"] = ["a", "b"]
        file["group"].attrs["empty"] = []
    check_weights(tmp_path / "w.h5", values.nbytes)


@pytest.mark.parametrize("content", [b"", b"no HDF5", None])
def test_a_damaged_file_is_one_reason(network: Any, weights: Path, content: bytes | None) -> None:
    weights.write_bytes(weights.read_bytes()[:-100] if content is None else content)
    with pytest.raises(WeightsError, match="no valid HDF5 file"):
        load_weights(network, weights)


def test_a_missing_file_is_one_reason(network: Any, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        load_weights(network, tmp_path / "absent.h5")


def test_a_file_of_another_network_is_one_reason(weights: Path, small_cnn: Callable[..., SmallCNN]) -> None:
    other = build_small_cnn("cnn_a", small_cnn(image_size=32, conv_layers=2, filters=4), seed=7)
    with pytest.raises(WeightsError, match=str(weights)):
        load_weights(other, weights)


def test_a_file_without_the_weights_of_a_layer_is_refused(network: Any, weights: Path) -> None:
    """Keras would warn, and leave the random weights of the layer."""
    with h5py.File(weights, "r+") as file:
        del file["layers/dense"]
    with pytest.raises(WeightsError, match="no matching group"):
        load_weights(network, weights)


def test_no_other_module_reads_weights_or_models() -> None:
    """Not past the check: by h5py, nor by Keras, whose load_model may run code of the file; and nothing unpickles."""
    readers = {"load_weights", "load_model", "model_from_json", "model_from_config", "deserialize_keras_object"}
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                if names & {"h5py", "pickle", "dill", "cloudpickle"}:
                    found.add(path.name)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in readers:
                found.add(path.name)
    assert found == {"weights_file.py"}
