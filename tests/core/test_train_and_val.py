from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core.errors import LeakError
from dermoscopy.core.splits import SPLIT, read_train_and_val, read_val
from tests import tiny
from tests.audit.plant import change, plant_augmented_apart, plant_other_split, row_of

PROTOCOLS = pytest.mark.parametrize("protocol", ["lesion", "image", "paper"])


def leak_message(root: Path, protocol: str) -> str:
    with pytest.raises(LeakError) as error:
        read_train_and_val(root / "data" / "split", protocol)
    return str(error.value)


@PROTOCOLS
def test_train_and_val_of_each_protocol_are_read(merged: pd.DataFrame, tmp_path: Path, protocol: str) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    train, val = read_train_and_val(tmp_path / "data" / "split", protocol)
    assert (set(train["split"]), set(val["split"])) == ({"train"}, {"val"})


@PROTOCOLS
def test_rows_of_test_raise_leak_error_under_every_protocol(
    merged: pd.DataFrame, tmp_path: Path, protocol: str
) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    plant_other_split(tmp_path)
    assert f"{row_of(tmp_path, 'train')['image_id']}: split test" in leak_message(tmp_path, protocol)


def test_a_shared_lesion_raises_leak_error_under_the_lesion_protocol_only(project: Path) -> None:
    train, val = row_of(project, "train"), row_of(project, "val")
    change(project, "train", train["image_id"], lesion_id=val["lesion_id"])
    message = leak_message(project, "lesion")
    assert f"lesion_id {val['lesion_id']}: {train['path']}, {val['path']}" in message
    assert len(read_train_and_val(project / "data" / "split", "image")) == 2


def test_a_shared_group_raises_leak_error_under_the_lesion_protocol(project: Path) -> None:
    train, val = row_of(project, "train"), row_of(project, "val")
    change(project, "train", train["image_id"], group=val["group"])
    assert f"group {val['group']}: {train['path']}, {val['path']}" in leak_message(project, "lesion")


@PROTOCOLS
def test_a_shared_image_raises_leak_error_under_every_protocol(
    merged: pd.DataFrame, tmp_path: Path, protocol: str
) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    val = row_of(tmp_path, "val")
    planted = val.to_frame().T.assign(split="train", path=val["path"].replace("/val/", "/train/"))
    path = tmp_path / "data" / "split" / "train.csv"
    SPLIT.write(pd.concat([SPLIT.read(path), planted]), path)
    assert val["image_id"] in leak_message(tmp_path, protocol)


def test_augmented_images_in_val_raise_leak_error_except_under_the_paper_protocol(project: Path) -> None:
    plant_augmented_apart(project)
    val = SPLIT.read(project / "data" / "split" / "val.csv")
    [augmented] = val.loc[val["image_id"] != val["source"], "image_id"]
    for protocol in ("lesion", "image"):
        with pytest.raises(LeakError, match=f"/{augmented}.png"):
            read_val(project / "data" / "split", protocol)
    assert augmented in set(read_val(project / "data" / "split", "paper")["image_id"])
