import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.archive.hashes import sha256
from dermoscopy.dataset.audit import audit, read_files, read_rows
from dermoscopy.dataset.checks import CHECKS
from dermoscopy.errors import LeakError
from dermoscopy.tables.parts import PART


def table_path(project: Path, part: str) -> Path:
    return project / "data" / "split" / f"{part}.csv"


def row_of(project: Path, part: str, label: int = 0) -> "pd.Series[str]":
    """The first original of a part with the label, whose lesion has one photograph."""
    table = PART.read(table_path(project, part))
    return table[(table["label"] == label) & (table["image_id"] == table["source"])].iloc[0]


def change(project: Path, part: str, image_id: str, **values: str) -> None:
    table = PART.read(table_path(project, part))
    for column, value in values.items():
        table.loc[table["image_id"] == image_id, column] = value
    PART.write(table, table_path(project, part))


def plant_lesion(project: Path) -> str:
    lesion = row_of(project, "train")["lesion_id"]
    change(project, "test", row_of(project, "test")["image_id"], lesion_id=lesion)
    return f"lesion in several parts, 1: {lesion} (train, test)"


def plant_group(project: Path) -> str:
    group = row_of(project, "val")["group"]
    change(project, "test", row_of(project, "test")["image_id"], group=group)
    return f"group in several parts, 1: {group} (val, test)"


def plant_bytes(project: Path) -> str:
    """Another lesion's photograph has the same bytes, and its table knows."""
    train, test = row_of(project, "train"), row_of(project, "test")
    shutil.copy(project / train["path"], project / test["path"])
    change(project, "test", test["image_id"], sha256=train["sha256"])
    return f"same bytes in several parts, 1: {train['path']} = {test['path']}"


def plant_copy_in_test(project: Path) -> str:
    train = PART.read(table_path(project, "train"))
    copy = train[train["image_id"] != train["source"]].iloc[[0]]
    PART.write(train.drop(copy.index), table_path(project, "train"))
    test = PART.read(table_path(project, "test"))
    PART.write(pd.concat([test, copy.assign(part="test")]), table_path(project, "test"))
    return f"copy apart from its original, 1: {copy['image_id'].item()} (in test, its original in train)"


def plant_copy_of_test(project: Path) -> str:
    """A copy in train of a photograph in test, its lesion disguised."""
    test = row_of(project, "test", label=1)
    train = PART.read(table_path(project, "train"))
    copy = train[train["image_id"] != train["source"]].iloc[0]["image_id"]
    change(project, "train", copy, source=test["image_id"])
    return f"copy apart from its original, 1: {copy} (in train, its original in test)"


def plant_test_file_in_train(project: Path) -> str:
    test = row_of(project, "test")
    stray = f"data/split/train/benign/{test['image_id']}.jpg"
    shutil.copy(project / test["path"], project / stray)
    return f"file without a row, 1: {stray}"


def plant_row_twice(project: Path) -> str:
    test = PART.read(table_path(project, "test"))
    train = PART.read(table_path(project, "train"))
    PART.write(pd.concat([train, test.iloc[[0]]]), table_path(project, "train"))
    return f"image_id in several rows, 1: {test.iloc[0]['image_id']} (train, test)"


def plant_path_into_test(project: Path) -> str:
    train, test = row_of(project, "train"), row_of(project, "test")
    change(project, "train", train["image_id"], path=test["path"])
    return f"row in another part's table or folder, 1: {train['image_id']} (in train.csv, part train, {test['path']})"


def plant_other_bytes(project: Path) -> str:
    path = row_of(project, "val")["path"]
    (project / path).write_bytes(b"other")
    return f"file changed since it was merged, 1: {path}"


def remove_file(project: Path) -> str:
    path = row_of(project, "val")["path"]
    (project / path).unlink()
    return f"row without a file, 1: {path}"


def plant_groups_apart(project: Path) -> str:
    """Two lesions of one part share bytes, but not a group."""
    table = PART.read(table_path(project, "train"))
    first, second = (
        table[table["label"] == 0].drop_duplicates("lesion_id").sort_values("lesion_id").to_dict("records")[:2]
    )
    shutil.copy(project / first["path"], project / second["path"])
    change(project, "train", second["image_id"], sha256=sha256(project / first["path"]))
    return f"same bytes in several groups, 1: {first['lesion_id']} (groups {first['group']}, {second['group']})"


LEAKS: list[Callable[[Path], str]] = [
    plant_lesion,
    plant_group,
    plant_bytes,
    plant_copy_in_test,
    plant_copy_of_test,
    plant_test_file_in_train,
    plant_row_twice,
    plant_path_into_test,
    plant_other_bytes,
    remove_file,
    plant_groups_apart,
]


def test_sound_parts_are_clean(project: Path) -> None:
    audited = audit(read_rows(project), read_files(project))
    assert (audited["protocol"], audited["verdict"]) == ("lesion", "clean")
    assert audited["found"] == dict.fromkeys(CHECKS, 0)
    assert sum(part["images"] for part in audited["parts"].values()) == 30
    assert sum(part["lesions"] for part in audited["parts"].values()) == 24
    assert audited["parts"]["train"]["copies"] > 0
    assert audited["groups_of_several_lesions"] == 0


@pytest.mark.parametrize("plant", LEAKS)
def test_each_planted_leak_is_named(project: Path, plant: Callable[[Path], str]) -> None:
    named = plant(project)
    with pytest.raises(LeakError) as error:
        audit(read_rows(project), read_files(project))
    assert named in error.value.problems


def test_every_check_has_a_leak_that_fires_it(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    fired = set()
    for plant in LEAKS:
        folder = tmp_path_factory.mktemp(plant.__name__) / "project"
        shutil.copytree(project, folder)
        fired.add(plant(folder).split(", 1: ")[0])
    assert fired == set(CHECKS)
