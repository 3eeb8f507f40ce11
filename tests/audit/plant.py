"""What an audit must find: each function plants one thing and returns how it has to be told."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from PIL import Image

from dermoscopy.core.files import sha256
from dermoscopy.core.splits import SPLIT, locate
from dermoscopy.ham10000.duplicates import MERGED


def table_path(project: Path, split: str) -> Path:
    return project / "data" / "split" / f"{split}.csv"


def row_of(project: Path, split: str, place: int = 0) -> "pd.Series[str]":
    """A benign original of a split."""
    table = SPLIT.read(table_path(project, split))
    return table[(table["label"] == 0) & (table["image_id"] == table["source"])].iloc[place]


def change(project: Path, table_of: str, image_id: str, **values: str) -> None:
    table = SPLIT.read(table_path(project, table_of))
    for column, value in values.items():
        table.loc[table["image_id"] == image_id, column] = value
    SPLIT.write(table, table_path(project, table_of))


def change_merged(project: Path, image_id: str, digest: str) -> None:
    """The image had these bytes already when it was merged."""
    path = project / "data" / "merged" / "metadata.csv"
    table = MERGED.read(path)
    table.loc[table["image_id"] == image_id, "sha256"] = digest
    MERGED.write(table, path)


def add(project: Path, split: str, rows: pd.DataFrame) -> None:
    SPLIT.write(pd.concat([SPLIT.read(table_path(project, split)), rows]), table_path(project, split))


def places(*rows: "pd.Series[str]") -> str:
    return ", ".join(f"{row['split']} {row['path']}" for row in rows)


def plant_lesion(project: Path) -> str:
    train, test = row_of(project, "train"), row_of(project, "test")
    change(project, "test", test["image_id"], lesion_id=train["lesion_id"])
    return f"lesion in several splits, 1: {train['lesion_id']} ({places(train, test)})"


def plant_group(project: Path) -> str:
    val, test = row_of(project, "val"), row_of(project, "test")
    change(project, "test", test["image_id"], group=val["group"])
    return f"group in several splits, 1: {val['group']} ({places(val, test)})"


def plant_bytes(project: Path) -> str:
    """Another lesion's image has the same bytes, and its tables know."""
    train, test = row_of(project, "train"), row_of(project, "test")
    shutil.copy(project / train["path"], project / test["path"])
    change(project, "test", test["image_id"], sha256=train["sha256"])
    change_merged(project, test["image_id"], train["sha256"])
    return f"same bytes in several splits, 1: {train['path']} = {test['path']}"


def plant_near_duplicate(project: Path) -> str:
    """Another lesion's image is the same one in other bytes, and its tables know them."""
    train, test = row_of(project, "train", 1), row_of(project, "test", 1)
    (project / test["path"]).write_bytes((project / train["path"]).read_bytes() + b"more")
    change(project, "test", test["image_id"], sha256=sha256(project / test["path"]))
    change_merged(project, test["image_id"], sha256(project / test["path"]))
    one, other = sorted((train, test), key=lambda row: row["image_id"])
    pair = f"{one['image_id']} = {other['image_id']}"
    return f"near-duplicate in several splits, 1: {pair} (0 bits apart; {places(one, other)})"


def plant_copy(project: Path) -> str:
    """A copy lies in val, with its file, and its table says so."""
    train = SPLIT.read(table_path(project, "train"))
    copy = train[train["image_id"] != train["source"]].iloc[[0]]
    SPLIT.write(train.drop(copy.index), table_path(project, "train"))
    moved = copy.assign(split="val", path=locate(copy, "val"))
    (project / copy["path"].item()).rename(project / moved["path"].item())
    add(project, "val", moved)
    name, path = copy["image_id"].item(), moved["path"].item()
    return f"copy apart from its original, 1: {name} (val {path}, its original in train)"


def plant_copy_judged(project: Path) -> str:
    """A copy of a image in test lies beside it."""
    test = SPLIT.read(table_path(project, "test"))
    copy = test[test["label"] == 1].iloc[[0]]
    copy = copy.assign(image_id=copy["source"] + "_copy1", sha256="")
    copy["path"] = locate(copy, "test")
    path = copy["path"].item()
    shutil.copy(next((project / "data" / "augmented" / "train" / "malignant").iterdir()), project / path)
    add(project, "test", copy)
    return f"copy outside train, 1: {copy['image_id'].item()} (test {path})"


def plant_test_row(project: Path) -> str:
    """A image of test stands in train, in all disguise: its row says train, and its file lies there."""
    test = row_of(project, "test")
    row = test.to_frame().T.assign(split="train", path=test["path"].replace("/test/", "/train/"))
    shutil.copy(project / test["path"], project / row["path"].item())
    add(project, "train", row)
    return f"image of train in another split, 1: {test['image_id']} ({places(row.iloc[0], test)})"


def plant_chosen_row(project: Path) -> str:
    """A image of test stands in val too."""
    test = row_of(project, "test")
    row = test.to_frame().T.assign(split="val", path=test["path"].replace("/test/", "/val/"))
    shutil.copy(project / test["path"], project / row["path"].item())
    add(project, "val", row)
    return f"image in val and in test, 1: {test['image_id']} ({places(row.iloc[0], test)})"


PLANTED_LEAKS: list[Callable[[Path], str]] = [
    plant_lesion,
    plant_group,
    plant_bytes,
    plant_near_duplicate,
    plant_copy,
    plant_copy_judged,
    plant_test_row,
    plant_chosen_row,
]


def lose_photograph(project: Path) -> str:
    """A image of train is gone, from table and disk."""
    row = row_of(project, "train")
    table = SPLIT.read(table_path(project, "train"))
    SPLIT.write(table[table["image_id"] != row["image_id"]], table_path(project, "train"))
    (project / row["path"]).unlink()
    return f"image lost since it was merged, 1: {row['image_id']} ({row['dx']})"


def change_lesion(project: Path) -> str:
    """A image of train becomes one of another lesion of train."""
    one, other = row_of(project, "train"), row_of(project, "train", 1)
    change(project, "train", one["image_id"], lesion_id=other["lesion_id"])
    told = f"train.csv, lesion_id {other['lesion_id']}, merged {one['lesion_id']}"
    return f"row other than merged, 1: {one['image_id']} ({told})"


def replace_copy(project: Path) -> str:
    """A copy of train shows a image of test, saved anew."""
    train = SPLIT.read(table_path(project, "train"))
    path = train.loc[train["image_id"] != train["source"], "path"].iloc[0]
    with Image.open(project / row_of(project, "test")["path"]) as image:
        image.save(project / path, quality=91)
    return f"copy other than its original gives, 1: {path}"


def plant_row_twice(project: Path) -> str:
    test = row_of(project, "test")
    add(project, "test", test.to_frame().T)
    return f"image_id twice in a table, 1: {test['image_id']} (test.csv)"


def plant_path_into_test(project: Path) -> str:
    train, test = row_of(project, "train"), row_of(project, "test")
    change(project, "train", train["image_id"], path=test["path"])
    return f"row in another split's table or folder, 1: {train['image_id']} (in train.csv, split train, {test['path']})"


def plant_other_part(project: Path) -> str:
    train = row_of(project, "train")
    change(project, "train", train["image_id"], split="test")
    return f"row in another split's table or folder, 1: {train['image_id']} (in train.csv, split test, {train['path']})"


def plant_unlike_copy(project: Path) -> str:
    """A copy in train of another image, its lesion disguised."""
    train = SPLIT.read(table_path(project, "train"))
    copy = train[train["image_id"] != train["source"]].iloc[0]["image_id"]
    change(project, "train", copy, source=row_of(project, "train")["image_id"])
    source = row_of(project, "train")["image_id"]
    return f"copy unlike its original, 1: {copy} (train, copy of {source})"


def plant_file(project: Path) -> str:
    stray = "data/split/train/benign/mine.jpg"
    shutil.copy(project / row_of(project, "train")["path"], project / stray)
    return f"file without a row, 1: {stray}"


def remove_file(project: Path) -> str:
    path = row_of(project, "train")["path"]
    (project / path).unlink()
    return f"row without a file, 1: {path}"


def plant_other_bytes(project: Path) -> str:
    path = row_of(project, "train")["path"]
    (project / path).write_bytes(b"other")
    return f"file changed since it was merged, 1: {path}"


def plant_groups_apart(project: Path) -> str:
    """Two lesions of one split share bytes, but not a group."""
    table = SPLIT.read(table_path(project, "train"))
    of_lesion = table[table["label"] == 0].drop_duplicates("lesion_id").sort_values("lesion_id")
    first, second = of_lesion.to_dict("records")[:2]
    shutil.copy(project / first["path"], project / second["path"])
    change(project, "train", second["image_id"], sha256=sha256(project / first["path"]))
    change_merged(project, second["image_id"], sha256(project / first["path"]))
    lesion, own = second["lesion_id"], second["group"]
    return f"group other than the files tell, 1: {lesion} (group {own}, by its files {first['group']})"


PLANTED_FAULTS: list[Callable[[Path], str]] = [
    plant_row_twice,
    plant_path_into_test,
    plant_other_part,
    plant_unlike_copy,
    plant_file,
    remove_file,
    plant_other_bytes,
    replace_copy,
    plant_groups_apart,
    lose_photograph,
    change_lesion,
]
