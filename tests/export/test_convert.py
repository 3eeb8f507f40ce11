"""Conversion of all members, with the check on real images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import UserError
from dermoscopy.export import convert
from dermoscopy.export.parity import ParityError, table
from dermoscopy.networks.saved import SavedMember

for package in ("onnx", "onnxruntime", "tf2onnx", "ai_edge_litert"):
    pytest.importorskip(package)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Rows = Callable[..., pd.DataFrame]


def test_each_member_has_four_files_and_four_rows(rows: Rows, cnn: SavedMember, vgg: SavedMember) -> None:
    train, val = rows("train", 12), rows("val", 10)
    members = {"cnn_a": cnn, "vgg19": vgg}
    parity = table(
        row for kind in convert.FORMATS for row in convert.convert_members(members, kind, train, val, Path("out"), 2)
    )
    written = sorted(str(path.relative_to("out")) for path in Path("out").rglob("*") if path.is_file())
    names = [f"{member}{precision}" for member in ("cnn_a", "vgg19") for precision in ("", "_int8")]
    files = [
        f"{folder}/{name}{ending}" for folder, ending in (("onnx", ".onnx"), ("litert", ".tflite")) for name in names
    ]
    assert written == sorted(files)
    assert len(parity) == 8
    assert (parity["images"] == 10).all()
    assert (parity.loc[parity["precision"] == "float32", "difference"] <= 1e-5).all()
    assert parity["loss"].notna().all()
    sizes = {(row.member, row.format, row.precision): row.bytes for row in parity.itertuples()}
    assert sizes["cnn_a", "onnx", "float32"] == Path("out/onnx/cnn_a.onnx").stat().st_size


def test_a_converter_that_changes_a_weight_is_found(
    rows: Rows, cnn: SavedMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(member: SavedMember, path: Path) -> None:
        import keras

        changed = keras.models.clone_model(member.model)
        changed.set_weights([values * 1.01 for values in member.model.get_weights()])
        correct(member._replace(model=changed), path)

    correct = convert.to_litert
    monkeypatch.setattr(convert, "to_litert", wrong)
    with pytest.raises(ParityError, match=r"cnn_a, litert, float32.* for image val_00"):
        convert.convert_members({"cnn_a": cnn}, "litert", rows("train", 12), rows("val", 10), Path("out"), threads=2)


def test_int8_is_calibrated_with_originals_of_train_only(
    rows: Rows, cnn: SavedMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, val = rows("train", 12), rows("val", 10)
    train.loc[3, "source"] = "another"  # an augmented image
    received: list[Any] = []
    read = convert.read_images

    def spy(paths: list[Path], size: int, threads: int) -> np.ndarray:
        received.append([path.stem for path in paths])
        return read(paths, size, threads)

    monkeypatch.setattr(convert, "read_images", spy)
    convert.convert_members({"cnn_a": cnn}, "onnx", train, val, Path("out"), threads=2)
    calibration, compared = received
    assert calibration == [f"train_{number:03}" for number in range(12) if number != 3]
    assert compared == val["image_id"].tolist()


def test_a_large_train_split_gives_a_sample_that_is_spread_over_it() -> None:
    ids = [f"ISIC_{number:04}" for number in range(1000)]
    chosen = convert.sample(pd.DataFrame({"image_id": ids, "source": ids}))
    assert len(chosen) == convert.CALIBRATION
    assert chosen["image_id"].is_unique
    assert (chosen["image_id"].iloc[0], chosen["image_id"].iloc[-1]) == (ids[0], ids[-1])


def test_missing_images_are_named_before_anything_is_written(rows: Rows, cnn: SavedMember) -> None:
    train, val = rows("train", 12), rows("val", 10)
    Path(val["path"].iloc[4]).unlink()
    with pytest.raises(UserError, match=r"missing \(1\): data/split/val/benign/val_004.jpg[^$]*dvc pull"):
        convert.convert_members({"cnn_a": cnn}, "onnx", train, val, Path("out"), threads=2)
    assert not Path("out").exists()
