from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core.errors import LeakError
from dermoscopy.core.splits import SPLIT, like_val, locate, read_split


def rows(split: str, count: int = 4) -> pd.DataFrame:
    names = [f"{split}_{number}" for number in range(count)]
    made = pd.DataFrame({"image_id": names, "source": names, "label": [number % 2 for number in range(count)]})
    made = made.assign(lesion_id=names, group=names, age=50.0, split=split, path=locate(made, split))
    return made.assign(**dict.fromkeys(("dx", "dx_type", "sex", "localization", "sha256"), "x"))


def write(*splits: pd.DataFrame) -> Path:
    path = Path("train.csv")
    SPLIT.write(pd.concat(splits), path)
    return path


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_path_of_an_image_has_its_split_and_label() -> None:
    made = rows("train", 2)
    assert locate(made, "val").tolist() == ["data/split/val/benign/train_0.jpg", "data/split/val/malignant/train_1.jpg"]
    augmented = made.assign(image_id=made["image_id"] + "_copy1")
    assert locate(augmented, pd.Series(["test", "train"])).tolist() == [
        "data/augmented/test/benign/train_0_copy1.png",
        "data/augmented/train/malignant/train_1_copy1.png",
    ]


def test_originals_and_augmented_images_of_the_split_are_read() -> None:
    augmented = rows("train").iloc[[1]].assign(image_id="train_1_copy1")
    augmented["path"] = "data/augmented/train/malignant/train_1_copy1.png"
    assert len(read_split(write(rows("train"), augmented), "train")) == 5


def test_a_row_of_test_in_train_raises_leak_error() -> None:
    with pytest.raises(LeakError, match=r"test_0: split test, file data/split/test/benign/test_0.jpg"):
        read_split(write(rows("train"), rows("test").head(1)), "train")


def test_an_image_of_test_labelled_train_raises_leak_error() -> None:
    with pytest.raises(LeakError) as raised:
        read_split(write(rows("train"), rows("test").assign(split="train")), "train")
    assert len(raised.value.problems) == 4


def test_a_row_with_the_path_of_another_image_raises_leak_error() -> None:
    train = rows("train")
    train.loc[0, "path"] = train.loc[2, "path"]
    with pytest.raises(LeakError, match=r"train_0: split train, file data/split/train/benign/train_2.jpg"):
        read_split(write(train), "train")


def test_an_image_listed_twice_raises_leak_error() -> None:
    with pytest.raises(LeakError, match="train_0"):
        read_split(write(rows("train"), rows("train").head(1)), "train")


def test_rows_of_val_in_train_raise_leak_error() -> None:
    with pytest.raises(LeakError, match="val_0: split val"):
        read_split(write(rows("val")), "train")


def test_leak_error_names_the_first_five_images_and_counts_the_others() -> None:
    with pytest.raises(LeakError) as raised:
        read_split(write(rows("val", 1005)), "train")
    assert len(raised.value.problems) == 6
    assert "1,000" in raised.value.problems[5]


def test_train_has_augmented_images_where_it_is_compared_with_val_only_if_val_has_any() -> None:
    train, val = (
        pd.concat([made, made.iloc[[1]].assign(image_id=f"{split}_1_copy1")])
        for split, made in (("train", rows("train")), ("val", rows("val")))
    )
    assert like_val(train, val[:-1])["image_id"].tolist() == ["train_0", "train_1", "train_2", "train_3"]
    assert len(like_val(train, val)) == 5
