"""Members as ONNX files."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.export.onnx import onnx_network, quantize_onnx, to_onnx
from dermoscopy.networks.saved import SavedMember
from tests.export.members import built, expected, pixels

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")

# Of the converter itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=["cnn", "inception", "vgg"])
def member(request: pytest.FixtureRequest) -> SavedMember:
    """Each kind of member."""
    member: SavedMember = request.getfixturevalue(request.param)
    return member


def kinds(path: Path) -> Counter[str]:
    """Return the number of nodes of each kind."""
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def test_a_file_predicts_what_the_member_predicts(member: SavedMember, tmp_path: Path) -> None:
    to_onnx(member, tmp_path / "member.onnx")
    images = pixels(member)
    predicted = onnx_network(tmp_path / "member.onnx", threads=2)(images)
    np.testing.assert_allclose(predicted, expected(member, images), atol=1e-5)
    assert np.ptp(predicted) > 1e-3  # the images differ, so that equal outputs mean something


def test_input_and_output_have_names_and_any_batch_size(cnn: SavedMember, tmp_path: Path) -> None:
    to_onnx(cnn, tmp_path / "member.onnx")
    graph = onnx.load(tmp_path / "member.onnx").graph

    def described(tensor: Any) -> tuple[str, int, list[Any]]:
        kind = tensor.type.tensor_type
        return tensor.name, kind.elem_type, [dim.dim_param or dim.dim_value for dim in kind.shape.dim]

    assert [described(tensor) for tensor in graph.input] == [("images", onnx.TensorProto.FLOAT, ["batch", 16, 16, 3])]
    assert [described(tensor) for tensor in graph.output] == [("probabilities", onnx.TensorProto.FLOAT, ["batch", 3])]


def test_a_file_is_valid_and_has_no_time_or_name_of_the_process(member: SavedMember, tmp_path: Path) -> None:
    to_onnx(member, tmp_path / "member.onnx")
    model = onnx.load(tmp_path / "member.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert (model.graph.name, model.graph.doc_string, model.doc_string) == ("member", "", "")


def test_equal_members_give_equal_bytes_after_other_members(
    cnn: SavedMember, inception: SavedMember, tmp_path: Path
) -> None:
    for number, member in enumerate([cnn, inception, cnn, inception]):
        to_onnx(member, tmp_path / f"{number}.onnx")
    again = built(cnn.parameters, cnn.target)  # a new network, whose layers have other numbers
    to_onnx(again, tmp_path / "again.onnx")
    content = [(tmp_path / f"{name}.onnx").read_bytes() for name in (0, 1, 2, 3, "again")]
    assert content[0] == content[2] == content[4]
    assert content[1] == content[3]


def test_batch_normalization_is_folded_into_the_convolutions(inception: SavedMember, tmp_path: Path) -> None:
    to_onnx(inception, tmp_path / "member.onnx")
    layers = Counter(type(layer).__name__ for layer in inception.model.layers)
    assert layers["BatchNormalization"] == layers["Conv2D"] > 10
    assert kinds(tmp_path / "member.onnx")["Conv"] == layers["Conv2D"]
    assert not kinds(tmp_path / "member.onnx")["BatchNormalization"]


def test_a_member_in_bfloat16_is_converted_in_float32(cnn: SavedMember, tmp_path: Path) -> None:
    import keras

    to_onnx(cnn, tmp_path / "float32.onnx")
    keras.config.set_dtype_policy("mixed_bfloat16")
    to_onnx(built(cnn.parameters, cnn.target), tmp_path / "bfloat16.onnx")
    assert (tmp_path / "bfloat16.onnx").read_bytes() == (tmp_path / "float32.onnx").read_bytes()


def test_int8_is_smaller_and_close(inception: SavedMember, tmp_path: Path) -> None:
    to_onnx(inception, tmp_path / "member.onnx")
    images = pixels(inception)
    for name in ("first", "second"):
        quantize_onnx(tmp_path / "member.onnx", images, tmp_path / f"{name}.onnx")
    predicted = onnx_network(tmp_path / "first.onnx", threads=2)(images)
    np.testing.assert_allclose(predicted, expected(inception, images), atol=0.05)
    assert (tmp_path / "first.onnx").read_bytes() == (tmp_path / "second.onnx").read_bytes()
    sizes = {name: (tmp_path / f"{name}.onnx").stat().st_size for name in ("member", "first")}
    assert sizes["first"] < 0.4 * sizes["member"]


def test_int8_has_a_scale_for_each_channel_and_float32_dense_layers(cnn: SavedMember, tmp_path: Path) -> None:
    to_onnx(cnn, tmp_path / "member.onnx")
    quantize_onnx(tmp_path / "member.onnx", pixels(cnn), tmp_path / "int8.onnx")
    graph = onnx.load(tmp_path / "int8.onnx").graph
    made = {output: node for node in graph.node for output in node.output}
    sizes = {tensor.name: tensor.dims for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    dense = [node for node in graph.node if node.op_type in ("Gemm", "MatMul")]
    assert convolutions and dense
    for node in convolutions:
        weights = made[node.input[1]]
        assert weights.op_type == "DequantizeLinear"
        assert list(sizes[weights.input[1]]) == [sizes[weights.input[0]][0]] != [1]
    assert all(node.input[1] in sizes for node in dense)
