"""The benchmark of speed beside Keras and PyTorch."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import peers
from benchmarks.peers_worker import BATCH
from dermoscopy.core.params import load
from dermoscopy.networks.data import read_images
from dermoscopy.networks.params import Models

FAKE = [sys.executable, "-m", "tests.benchmarks.fake_contender"]
NETWORK = peers.Measured("cnn_a", "CNN A", "all", {"training": 32, "inference": 64})
SIZE = 80


def contenders(*options: tuple[str, str, float, int]) -> Callable[..., list[tuple[str, str, list[str]]]]:
    return lambda case, torch: [
        (name, precision, [*FAKE, str(factor), str(parameters), "{}"])
        for name, precision, factor, parameters in options
    ]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """JPEG files of a batch."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "originals"
    folder.mkdir()
    for number in range(BATCH):
        Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)).save(folder / f"ISIC_{number:02}.jpg")
    return sorted(folder.iterdir())


def test_rows_have_medians_and_ratios_to_this_pipeline_in_the_same_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    options = [
        (peers.PIPELINE, "float32", 1.0, 5),
        (peers.PIPELINE, "bfloat16", 0.5, 5),
        ("PyTorch", "bfloat16", 2.0, 5),
    ]
    monkeypatch.setattr(peers, "contenders", contenders(*options))
    rows = peers.measure(NETWORK, {"threads": 2}, None, turns=3)
    # A contender alternates the tasks, so training has the turns 1, 3 and 5, and inference 2, 4 and 6.
    found = {(row["task"], row["contender"], row["precision"]): row for row in rows}
    assert len(found) == 6
    slow = found["training", "PyTorch", "bfloat16"]
    assert (slow["milliseconds"], slow["min"], slow["max"]) == (6.0, 2.0, 10.0)
    assert slow["ratio"] == 4.0
    assert found["inference", "PyTorch", "bfloat16"]["milliseconds"] == 8.0
    assert {row["ratio"] for key, row in found.items() if key[1] == peers.PIPELINE} == {1.0}
    assert {row["threads"] for row in rows} == {2}


def test_networks_with_other_numbers_of_parameters_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    options = [(peers.PIPELINE, "float32", 1.0, 5), ("PyTorch", "float32", 1.0, 6)]
    monkeypatch.setattr(peers, "contenders", contenders(*options))
    with pytest.raises(SystemExit, match="differ in their number of parameters"):
        peers.measure(NETWORK, {"threads": 2}, None, turns=1)


def test_a_contender_that_ends_is_an_error() -> None:
    with pytest.raises(SystemExit, match="PyTorch, float32: the process ended"):
        peers.Contender("PyTorch", "float32", [sys.executable, "-c", ""])


def test_pytorch_is_left_out_without_its_python() -> None:
    with_torch, without = (peers.contenders({"threads": 2}, python) for python in ("python", None))
    assert len(with_torch) == len(without) + 2
    assert "PyTorch" not in {name for name, *_ in without}
    assert [precision for name, precision, _ in without if name == peers.PIPELINE] == ["float32", "bfloat16"]


def test_images_are_an_array_and_a_folder_with_as_many_files_as_the_longest_turn(
    files: list[Path], tmp_path: Path
) -> None:
    decoded = np.arange(len(files), dtype=np.uint8)[:, None, None, None] + np.zeros((2, 2, 3), np.uint8)
    paths = peers.write_images(files, decoded, NETWORK, tmp_path)
    images = np.load(paths["images"])
    np.testing.assert_array_equal(images[:, 0, 0, 0], [*range(BATCH), *range(BATCH)])
    labels = {folder.name: list(folder.iterdir()) for folder in Path(paths["folder"]).iterdir()}
    assert {label: len(found) for label, found in labels.items()} == {"benign": BATCH, "malignant": BATCH}
    assert all(path.is_file() for found in labels.values() for path in found)


@pytest.mark.slow
def test_contenders_of_tensorflow_train_and_predict_the_same_network(files: list[Path], tmp_path: Path) -> None:
    member = load("models", Models)["cnn_b"].model_copy(update={"image_size": SIZE})
    paths = peers.write_images(files, read_images(files, SIZE, threads=1), NETWORK, tmp_path)
    case = {"member": member.model_dump(), "trained": "all", "threads": 1, **paths}
    # Two convolutions of 16 filters; 80 pixels become 26, then 8.
    expected = (27 + 1) * 16 + (144 + 1) * 16 + (8 * 8 * 16 + 1) * 64 + 65
    for arguments in peers.contenders(case, torch=None):
        with peers.Contender(*arguments) as contender:
            assert contender.counts == {"parameters": expected, "trained": expected}
            assert contender.turn("training", BATCH) > 0
            assert contender.turn("inference", BATCH) > 0
