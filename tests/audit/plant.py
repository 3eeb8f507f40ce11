"""Leaks and faults for the audit to find: each function plants one and returns what the audit has to report."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from PIL import Image

from dermoscopy.core.files import sha256
from dermoscopy.core.splits import SPLIT, locate
from dermoscopy.ham10000.duplicates import MERGED


class Planted(NamedTuple):
    """What the audit has to report: the kind, the name, and facts of the detail."""

    kind: str
    name: str
    facts: tuple[str, ...] = ()

    def among(self, problems: Sequence[str]) -> bool:
        """Whether one line reports one finding of this kind, with this name and these facts."""
        start = f"{self.kind}, 1: {self.name}"
        return any(
            line.startswith(start) and all(fact in line.removeprefix(start) for fact in self.facts) for line in problems
        )


Plant = Callable[[Path], Planted]


def table_path(project: Path, split: str) -> Path:
    return project / "data" / "split" / f"{split}.csv"


def row_of(project: Path, split: str, index: int = 0) -> "pd.Series[str]":
    """Return the row of a benign original of a split."""
    table = SPLIT.read(table_path(project, split))
    return table[(table["label"] == 0) & (table["image_id"] == table["source"])].iloc[index]


def augmented_of(project: Path, split: str) -> pd.DataFrame:
    """Return the row of the first augmented image of a split."""
    table = SPLIT.read(table_path(project, split))
    return table[table["image_id"] != table["source"]].iloc[[0]]


def change(project: Path, in_split: str, image_id: str, **values: str) -> None:
    table = SPLIT.read(table_path(project, in_split))
    for column, value in values.items():
        table.loc[table["image_id"] == image_id, column] = value
    SPLIT.write(table, table_path(project, in_split))


def change_merged(project: Path, image_id: str, digest: str) -> None:
    """Change the hash that merge wrote."""
    path = project / "data" / "merged" / "metadata.csv"
    table = MERGED.read(path)
    table.loc[table["image_id"] == image_id, "sha256"] = digest
    MERGED.write(table, path)


def add(project: Path, split: str, rows: pd.DataFrame) -> None:
    SPLIT.write(pd.concat([SPLIT.read(table_path(project, split)), rows]), table_path(project, split))


def locations(*rows: "pd.Series[str]") -> tuple[str, ...]:
    return tuple(f"{row['split']} {row['path']}" for row in rows)


def plant_lesion(project: Path) -> Planted:
    """A lesion has images in train and test."""
    train, test = row_of(project, "train"), row_of(project, "test")
    change(project, "test", test["image_id"], lesion_id=train["lesion_id"])
    return Planted("lesion in several splits", train["lesion_id"], locations(train, test))


def plant_group(project: Path) -> Planted:
    """A group has images in val and test."""
    val, test = row_of(project, "val"), row_of(project, "test")
    change(project, "test", test["image_id"], group=val["group"])
    return Planted("group in several splits", val["group"], locations(val, test))


def plant_bytes(project: Path) -> Planted:
    """An image of another lesion in test has the bytes of one in train, and all tables have its hash."""
    train, test = row_of(project, "train"), row_of(project, "test")
    shutil.copy(project / train["path"], project / test["path"])
    change(project, "test", test["image_id"], sha256=train["sha256"])
    change_merged(project, test["image_id"], train["sha256"])
    return Planted("same bytes in several splits", f"{train['path']} = {test['path']}")


def plant_near_duplicate(project: Path) -> Planted:
    """An image of another lesion in test has the pixels of one in train, and all tables have its hash."""
    train, test = row_of(project, "train", 1), row_of(project, "test", 1)
    (project / test["path"]).write_bytes((project / train["path"]).read_bytes() + b"more")
    change(project, "test", test["image_id"], sha256=sha256(project / test["path"]))
    change_merged(project, test["image_id"], sha256(project / test["path"]))
    first, second = sorted((train, test), key=lambda row: row["image_id"])
    pair = f"{first['image_id']} = {second['image_id']}"
    return Planted("near-duplicate in several splits", pair, ("0 bits", *locations(first, second)))


def plant_augmented_apart(project: Path) -> Planted:
    """An augmented image of train is in val, in the table and on disk."""
    augmented = augmented_of(project, "train")
    train = SPLIT.read(table_path(project, "train"))
    SPLIT.write(train[train["image_id"] != augmented["image_id"].item()], table_path(project, "train"))
    moved = augmented.assign(split="val", path=locate(augmented, "val"))
    (project / augmented["path"].item()).rename(project / moved["path"].item())
    add(project, "val", moved)
    name, path = augmented["image_id"].item(), moved["path"].item()
    return Planted("augmented image apart from its original", name, (f"val {path}", "train"))


def plant_augmented_in_test(project: Path) -> Planted:
    """Test has an augmented image of its own."""
    test = SPLIT.read(table_path(project, "test"))
    row = test[test["label"] == 1].iloc[[0]]
    row = row.assign(image_id=row["source"] + "_copy1", sha256="")
    row["path"] = locate(row, "test")
    path = row["path"].item()
    shutil.copy(next((project / "data" / "augmented" / "train" / "malignant").iterdir()), project / path)
    add(project, "test", row)
    return Planted("augmented image outside train", row["image_id"].item(), (f"test {path}",))


def plant_test_row_in_train(project: Path) -> Planted:
    """An image of test is also in train: its row names train, and its file is there."""
    test = row_of(project, "test")
    row = test.to_frame().T.assign(split="train", path=test["path"].replace("/test/", "/train/"))
    shutil.copy(project / test["path"], project / row["path"].item())
    add(project, "train", row)
    return Planted("train image in another split", test["image_id"], locations(row.iloc[0], test))


def plant_test_row_in_val(project: Path) -> Planted:
    """An image of test is also in val."""
    test = row_of(project, "test")
    row = test.to_frame().T.assign(split="val", path=test["path"].replace("/test/", "/val/"))
    shutil.copy(project / test["path"], project / row["path"].item())
    add(project, "val", row)
    return Planted("image in val and test", test["image_id"], locations(row.iloc[0], test))


PLANTED_LEAKS: list[Plant] = [
    plant_lesion,
    plant_group,
    plant_bytes,
    plant_near_duplicate,
    plant_augmented_apart,
    plant_augmented_in_test,
    plant_test_row_in_train,
    plant_test_row_in_val,
]


def lose_image(project: Path) -> Planted:
    """An image of train is missing in the table and on disk."""
    row = row_of(project, "train")
    table = SPLIT.read(table_path(project, "train"))
    SPLIT.write(table[table["image_id"] != row["image_id"]], table_path(project, "train"))
    (project / row["path"]).unlink()
    return Planted("image missing since merge", row["image_id"], (row["dx"],))


def change_lesion(project: Path) -> Planted:
    """An image of train has the lesion_id of another lesion of train."""
    changed, row = row_of(project, "train"), row_of(project, "train", 1)
    change(project, "train", changed["image_id"], lesion_id=row["lesion_id"])
    facts = ("train.csv", f"lesion_id {row['lesion_id']}", changed["lesion_id"])
    return Planted("row changed since merge", changed["image_id"], facts)


def replace_augmented(project: Path) -> Planted:
    """The file of an augmented image of train shows an image of test, saved again."""
    path = augmented_of(project, "train")["path"].item()
    with Image.open(project / row_of(project, "test")["path"]) as image:
        image.save(project / path, quality=91)
    return Planted("augmented file changed", path)


def plant_row_twice(project: Path) -> Planted:
    test = row_of(project, "test")
    add(project, "test", test.to_frame().T)
    return Planted("image_id twice in a table", test["image_id"], ("test.csv",))


def plant_path_into_test(project: Path) -> Planted:
    train, test = row_of(project, "train"), row_of(project, "test")
    change(project, "train", train["image_id"], path=test["path"])
    facts = ("train.csv", "split train", test["path"])
    return Planted("row in the table or folder of another split", train["image_id"], facts)


def plant_other_split(project: Path) -> Planted:
    train = row_of(project, "train")
    change(project, "train", train["image_id"], split="test")
    facts = ("train.csv", "split test", train["path"])
    return Planted("row in the table or folder of another split", train["image_id"], facts)


def plant_other_source(project: Path) -> Planted:
    """An augmented image in train names another original as its source."""
    image_id, source = augmented_of(project, "train")["image_id"].item(), row_of(project, "train")["image_id"]
    change(project, "train", image_id, source=source)
    return Planted("augmented image with another lesion or label than its original", image_id, ("train", source))


def plant_file(project: Path) -> Planted:
    stray = "data/split/train/benign/mine.jpg"
    shutil.copy(project / row_of(project, "train")["path"], project / stray)
    return Planted("file without a row", stray)


def remove_file(project: Path) -> Planted:
    path = row_of(project, "train")["path"]
    (project / path).unlink()
    return Planted("row without a file", path)


def plant_other_bytes(project: Path) -> Planted:
    path = row_of(project, "train")["path"]
    (project / path).write_bytes(b"other")
    return Planted("file changed since merge", path)


def plant_other_group(project: Path) -> Planted:
    """Two lesions of one split share bytes, but not a group."""
    table = SPLIT.read(table_path(project, "train"))
    of_lesion = table[table["label"] == 0].drop_duplicates("lesion_id").sort_values("lesion_id")
    first, second = of_lesion.to_dict("records")[:2]
    shutil.copy(project / first["path"], project / second["path"])
    change(project, "train", second["image_id"], sha256=sha256(project / first["path"]))
    change_merged(project, second["image_id"], sha256(project / first["path"]))
    facts = (f"group {second['group']}", f"by its files {first['group']}")
    return Planted("group contradicts the files", second["lesion_id"], facts)


PLANTED_FAULTS: list[Plant] = [
    plant_row_twice,
    plant_path_into_test,
    plant_other_split,
    plant_other_source,
    plant_file,
    remove_file,
    plant_other_bytes,
    replace_augmented,
    plant_other_group,
    lose_image,
    change_lesion,
]
