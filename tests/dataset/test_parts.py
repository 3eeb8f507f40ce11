from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.dataset.copies import plan_copies
from dermoscopy.dataset.parts import tabulate, write
from dermoscopy.dataset.policy import labels
from dermoscopy.params.policy import Policy
from dermoscopy.params.split import Split
from dermoscopy.tables.parts import PART, PARTS

SPLIT = Split(seed=1, val=0.25, test=0.25)
MELANOMA = Policy(malignant="mel")


def test_the_policy_says_what_is_malignant() -> None:
    dx = pd.Series(["nv", "mel", "akiec", "bcc"])
    assert labels(dx, Policy(malignant="mel+bcc")).tolist() == [0, 1, 0, 1]
    assert labels(dx, Policy(malignant="mel+bcc+akiec")).tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize("balance", [0.0, 0.8, 1.0])
def test_malignant_rows_come_to_their_balance_in_train_only(merged: pd.DataFrame, balance: float) -> None:
    tables = tabulate(merged, MELANOMA, SPLIT, balance)
    train = tables["train"]
    benign, malignant = (int((train["label"] == label).sum()) for label in (0, 1))
    originals = int(((train["label"] == 1) & (train["image_id"] == train["source"])).sum())
    assert malignant == max(originals, round(balance * benign))
    for part in ("val", "test"):
        assert (tables[part]["image_id"] == tables[part]["source"]).all()


def test_what_is_balanced_gets_no_copies(merged: pd.DataFrame) -> None:
    train = tabulate(merged, Policy(malignant="nv+bkl"), SPLIT, 1.0)["train"]
    assert (train["image_id"] == train["source"]).all()


def test_copies_are_dealt_in_turns() -> None:
    names = [*(f"B{number:02}" for number in range(12)), "M1", "M2", "M3", "M4", "M5"]
    train = pd.DataFrame({"image_id": names, "source": names, "label": [0] * 12 + [1] * 5, "path": "", "sha256": "x"})
    copies = plan_copies(train, 1.0, np.random.default_rng(0))
    assert sorted(copies["source"].value_counts()) == [1, 1, 1, 2, 2]
    assert copies["image_id"].is_unique
    assert set(copies["image_id"]) >= {f"M{number}_copy1" for number in range(1, 6)}
    assert (copies["sha256"] == "").all()
    again = plan_copies(train.iloc[::-1], 1.0, np.random.default_rng(0))
    assert set(again["image_id"]) == set(copies["image_id"])


def test_every_original_has_one_row_and_one_file(merged: pd.DataFrame, tmp_path: Path) -> None:
    images = tmp_path / "data" / "merged" / "images"
    write(tabulate(merged, MELANOMA, SPLIT, 1.0), images, tmp_path)
    rows = pd.concat([PART.read(tmp_path / "data" / "split" / f"{part}.csv") for part in PARTS])
    originals = rows[rows["image_id"] == rows["source"]]
    assert sorted(originals["image_id"]) == merged["image_id"].tolist()
    for image_id, path, label, part in zip(
        originals["image_id"], originals["path"], originals["label"], originals["part"], strict=True
    ):
        assert path == f"data/split/{part}/{('benign', 'malignant')[label]}/{image_id}.jpg"
        assert (tmp_path / path).read_bytes() == (images / f"{image_id}.jpg").read_bytes()
    files = list((tmp_path / "data" / "split").rglob("*.jpg"))
    assert len(files) == len(originals)


def test_the_same_input_gives_the_same_bytes(merged: pd.DataFrame, tmp_path: Path) -> None:
    images = tmp_path / "data" / "merged" / "images"
    write(tabulate(merged, MELANOMA, SPLIT, 1.0), images, tmp_path / "one")
    write(tabulate(merged.sample(frac=1, random_state=2), MELANOMA, SPLIT, 1.0), images, tmp_path / "two")
    for part in PARTS:
        one, two = (tmp_path / name / "data" / "split" / f"{part}.csv" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
