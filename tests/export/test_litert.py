"""Members as LiteRT files."""

from pathlib import Path

import numpy as np
import pytest

from dermoscopy.export.litert import litert_network, to_litert, to_litert_int8
from dermoscopy.networks.saved import SavedMember
from tests.export.members import built, expected, pixels

pytest.importorskip("ai_edge_litert")


@pytest.fixture(params=["cnn", "inception", "vgg"])
def member(request: pytest.FixtureRequest) -> SavedMember:
    """Each kind of member."""
    member: SavedMember = request.getfixturevalue(request.param)
    return member


def test_a_file_predicts_what_the_member_predicts_in_batches_of_any_size(member: SavedMember, tmp_path: Path) -> None:
    to_litert(member, tmp_path / "member.tflite")
    images = pixels(member)
    predict = litert_network(tmp_path / "member.tflite", threads=2)
    predicted = np.concatenate([predict(images[:8]), predict(images[8:11]), predict(images[11:])])
    np.testing.assert_allclose(predicted, expected(member, images), atol=1e-5)
    assert np.ptp(predicted) > 1e-3


def test_equal_members_give_equal_bytes_after_other_members(cnn: SavedMember, vgg: SavedMember, tmp_path: Path) -> None:
    for number, member in enumerate([cnn, vgg, built(cnn.parameters, cnn.target)]):
        to_litert(member, tmp_path / f"{number}.tflite")
        to_litert_int8(member, pixels(member), tmp_path / f"{number}_int8.tflite")
    assert (tmp_path / "0.tflite").read_bytes() == (tmp_path / "2.tflite").read_bytes()
    assert (tmp_path / "0_int8.tflite").read_bytes() == (tmp_path / "2_int8.tflite").read_bytes()


def test_int8_is_smaller_and_close(inception: SavedMember, tmp_path: Path) -> None:
    images = pixels(inception)
    to_litert(inception, tmp_path / "member.tflite")
    to_litert_int8(inception, images, tmp_path / "int8.tflite")
    predicted = litert_network(tmp_path / "int8.tflite", threads=2)(images)
    np.testing.assert_allclose(predicted, expected(inception, images), atol=0.05)
    assert (tmp_path / "int8.tflite").stat().st_size < 0.4 * (tmp_path / "member.tflite").stat().st_size


def test_the_change_of_the_order_of_colours_is_exact_in_int8(vgg: SavedMember, tmp_path: Path) -> None:
    """With a range of its own it was coarse: the largest difference was 0.06."""
    kernel = vgg.model.layers[-1].kernel
    kernel.assign(kernel * 0.01)  # otherwise all probabilities are 0 or 1
    images = pixels(vgg)
    to_litert_int8(vgg, images, tmp_path / "int8.tflite")
    predicted = litert_network(tmp_path / "int8.tflite", threads=2)(images)
    np.testing.assert_allclose(predicted, expected(vgg, images), atol=0.02)
    assert np.ptp(predicted) > 0.2


def test_probabilities_of_int8_have_no_steps(cnn: SavedMember, tmp_path: Path) -> None:
    images = pixels(cnn, 64)
    to_litert_int8(cnn, images, tmp_path / "int8.tflite")
    predicted = litert_network(tmp_path / "int8.tflite", threads=2)(images).astype(np.float64)
    assert np.abs(predicted * 256 - np.round(predicted * 256)).max() > 0.1


def test_the_converter_prints_nothing(cnn: SavedMember, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    to_litert_int8(cnn, pixels(cnn), tmp_path / "int8.tflite")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
