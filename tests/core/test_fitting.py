from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core.errors import LeakError
from dermoscopy.core.splits import SPLIT, read_train_and_val, read_val
from tests import tiny
from tests.audit.plant import change, plant_augmented_apart, plant_other_split, row_of

PROTOCOLS = pytest.mark.parametrize("protocol", ["lesion", "image", "paper"])


def complaint(root: Path, protocol: str) -> str:
    with pytest.raises(LeakError) as error:
        read_train_and_val(root / "data" / "split", protocol)
    return str(error.value)


@PROTOCOLS
def test_what_a_protocol_makes_is_read(merged: pd.DataFrame, tmp_path: Path, protocol: str) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    train, val = read_train_and_val(tmp_path / "data" / "split", protocol)
    assert (set(train["split"]), set(val["split"])) == ({"train"}, {"val"})


@PROTOCOLS
def test_rows_of_test_are_refused_under_every_protocol(merged: pd.DataFrame, tmp_path: Path, protocol: str) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    plant_other_split(tmp_path)
    assert f"{row_of(tmp_path, 'train')['image_id']}: split test" in complaint(tmp_path, protocol)


def test_a_shared_lesion_is_refused_where_lesions_are_kept_apart(project: Path) -> None:
    train, val = row_of(project, "train"), row_of(project, "val")
    change(project, "train", train["image_id"], lesion_id=val["lesion_id"])
    message = complaint(project, "lesion")
    assert f"lesion_id {val['lesion_id']}: {train['path']}, {val['path']}" in message
    assert len(read_train_and_val(project / "data" / "split", "image")) == 2


def test_a_shared_group_is_refused_where_lesions_are_kept_apart(project: Path) -> None:
    train, val = row_of(project, "train"), row_of(project, "val")
    change(project, "train", train["image_id"], group=val["group"])
    assert f"group {val['group']}: {train['path']}, {val['path']}" in complaint(project, "lesion")


@PROTOCOLS
def test_a_shared_photograph_is_refused_under_every_protocol(
    merged: pd.DataFrame, tmp_path: Path, protocol: str
) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    val = row_of(tmp_path, "val")
    planted = val.to_frame().T.assign(split="train", path=val["path"].replace("/val/", "/train/"))
    path = tmp_path / "data" / "split" / "train.csv"
    SPLIT.write(pd.concat([SPLIT.read(path), planted]), path)
    assert val["image_id"] in complaint(tmp_path, protocol)


def test_copies_are_refused_in_val(project: Path) -> None:
    name = plant_augmented_apart(project).name
    for protocol in ("lesion", "image"):
        with pytest.raises(LeakError, match=f"val holds copies.*\n.*/{name}.jpg"):
            read_val(project / "data" / "split", protocol)
    assert name in set(read_val(project / "data" / "split", "paper")["image_id"])
