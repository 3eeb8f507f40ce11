"""The leak gate fires: each check has what it must find planted, and sound splits pass."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.audit.audit import audit
from dermoscopy.audit.checks import FAULTS, LEAKS, TOLERATED
from dermoscopy.core.errors import LeakError
from dermoscopy.core.splits import SHARED_LESIONS, SPLIT, SPLITS, VERDICTS
from dermoscopy.ham10000.duplicates import MERGED
from tests import tiny
from tests.audit.plant import (
    PLANTED_FAULTS,
    PLANTED_LEAKS,
    change,
    plant_chosen_row,
    plant_copy,
    plant_copy_judged,
    plant_test_row,
    row_of,
    table_path,
)

Plant = Callable[[Path], str]


def examine(root: Path, protocol: str = "lesion", **changes: bool) -> dict:
    return audit(tiny.evidence(root, protocol=protocol, **changes))


def test_sound_parts_are_clean(project: Path) -> None:
    audited = examine(project)
    assert (audited["protocol"], audited["verdict"]) == ("lesion", "clean")
    assert audited["found"] == dict.fromkeys([*LEAKS, *FAULTS], 0)
    assert sum(split["images"] for split in audited["splits"].values()) == 30
    assert sum(split["lesions"] for split in audited["splits"].values()) == 24
    assert audited["splits"]["train"]["copies"] > 0
    assert audited["groups_of_several_lesions"] == 0
    assert "named" not in audited


def test_no_false_alarm_in_20_seeds(tmp_path: Path) -> None:
    merged = tiny.merge(tmp_path, joined=True)
    assert merged["group"].nunique() == 22
    for seed in range(20):
        tiny.split(tmp_path, merged, seed=seed, test_histo_only=seed % 2 == 1)
        audited = examine(tmp_path, test_histo_only=seed % 2 == 1)
        assert not any(audited["found"].values())
        assert audited["groups_of_several_lesions"] > 0
        shutil.rmtree(tmp_path / "data" / "augmented")


@pytest.mark.parametrize("plant", PLANTED_LEAKS + PLANTED_FAULTS)
def test_what_is_planted_is_named(project: Path, plant: Plant) -> None:
    named = plant(project)
    with pytest.raises(LeakError) as error:
        examine(project)
    assert named in error.value.problems


def test_every_check_has_a_plant_that_fires_it(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for plants, checks in ((PLANTED_LEAKS, LEAKS), (PLANTED_FAULTS, FAULTS)):
        fired = set()
        for plant in plants:
            folder = tmp_path_factory.mktemp(plant.__name__) / "project"
            shutil.copytree(project, folder)
            fired.add(plant(folder).split(", 1: ")[0])
        assert fired == set(checks)


@pytest.mark.parametrize("protocol", ["image", "paper"])
@pytest.mark.parametrize("plant", PLANTED_FAULTS)
def test_faults_fail_under_every_protocol(merged: pd.DataFrame, tmp_path: Path, plant: Plant, protocol: str) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    named = plant(tmp_path)
    with pytest.raises(LeakError) as error:
        examine(tmp_path, protocol)
    assert named in error.value.problems
    kinds = {problem.split(", ")[0] for problem in error.value.problems}
    assert kinds <= set(FAULTS)


@pytest.mark.parametrize(
    ("protocol", "plants"),
    [
        ("image", [plant_copy, plant_copy_judged, plant_test_row, plant_chosen_row]),
        ("paper", [plant_test_row]),
    ],
)
def test_a_leak_that_the_protocol_never_makes_is_refused(
    merged: pd.DataFrame, tmp_path: Path, protocol: str, plants: list[Plant]
) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    for number, plant in enumerate(plants):
        project = tmp_path / str(number)
        shutil.copytree(tmp_path / "data", project / "data")
        named, _ = plant(project).split(" (")
        with pytest.raises(LeakError) as error:
            examine(project, protocol)
        assert [problem for problem in error.value.problems if problem.startswith(named)]


@pytest.mark.parametrize("protocol", ["image", "paper"])
def test_no_false_alarm_where_leaks_are_wanted(tmp_path: Path, protocol: str) -> None:
    merged, found = tiny.merge(tmp_path, joined=True), dict.fromkeys([*LEAKS, *FAULTS], 0)
    for seed in range(10):
        tiny.split(tmp_path, merged, protocol=protocol, seed=seed, test_histo_only=seed % 2 == 1)
        audited = examine(tmp_path, protocol, test_histo_only=seed % 2 == 1)
        found = {kind: number + audited["found"][kind] for kind, number in found.items()}
        shutil.rmtree(tmp_path / "data" / "augmented")
    assert {kind for kind, number in found.items() if number} == set(TOLERATED[protocol])


def test_every_protocol_has_its_leaks() -> None:
    assert set(TOLERATED) == set(VERDICTS)
    assert {protocol for protocol, leaks in TOLERATED.items() if not leaks} == {"lesion"}


@pytest.mark.parametrize("protocol", ["lesion", "image", "paper"])
def test_a_test_part_of_confirmed_lesions_may_lack_the_others(
    merged: pd.DataFrame, tmp_path: Path, protocol: str
) -> None:
    tiny.split(tmp_path, merged, protocol=protocol, test_histo_only=True)
    assert not any(examine(tmp_path, protocol, test_histo_only=True)["found"][kind] for kind in FAULTS)
    if protocol != "paper":  # under which val keeps them
        with pytest.raises(LeakError, match="image lost"):
            examine(tmp_path, protocol)


def test_no_other_part_may_lack_them(merged: pd.DataFrame, tmp_path: Path) -> None:
    """An unconfirmed lesion of two images, in train, loses one of them."""
    tiny.split(tmp_path, merged, seed=2, test_histo_only=True)
    table = SPLIT.read(table_path(tmp_path, "train"))
    several = table["lesion_id"].duplicated(keep=False) & (table["dx_type"] == "follow_up")
    row = table[several].iloc[0]
    SPLIT.write(table[table["image_id"] != row["image_id"]], table_path(tmp_path, "train"))
    (tmp_path / row["path"]).unlink()
    with pytest.raises(LeakError) as error:
        examine(tmp_path, test_histo_only=True)
    assert error.value.problems == [f"image lost since it was merged, 1: {row['image_id']} ({row['dx']})"]


def test_a_table_that_agrees_with_another_file_does_not_agree_with_what_was_merged(project: Path) -> None:
    row = row_of(project, "train")
    (project / row["path"]).write_bytes(b"no image")
    digest = hashlib.sha256(b"no image").hexdigest()
    change(project, "train", row["image_id"], sha256=digest)
    with pytest.raises(LeakError) as error:
        examine(project)
    told = f"train.csv, sha256 {digest}, merged {row['sha256']}"
    assert error.value.problems == [
        f"row other than merged, 1: {row['image_id']} ({told})",
        f"file changed since it was merged, 1: {row['path']}",
    ]


def test_a_photograph_that_was_never_merged_is_told(project: Path) -> None:
    row = row_of(project, "train")
    stranger = row.to_frame().T.assign(image_id="ISIC_99", source="ISIC_99")
    stranger["path"] = row["path"].replace(row["image_id"], "ISIC_99")
    shutil.copy(project / row["path"], project / stranger["path"].item())
    table = SPLIT.read(table_path(project, "train"))
    SPLIT.write(pd.concat([table, stranger]), table_path(project, "train"))
    with pytest.raises(LeakError) as error:
        examine(project)
    assert error.value.problems == ["row other than merged, 1: ISIC_99 (train.csv, never merged)"]


def test_parts_of_a_leaky_protocol_are_refused_as_lesions(tmp_path: Path) -> None:
    tiny.split(tmp_path, tiny.merge(tmp_path, joined=True), protocol="image")
    with pytest.raises(LeakError, match="lesion in several splits"):
        examine(tmp_path)


def test_image_tells_what_it_leaks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tiny.split(tmp_path, tiny.merge(tmp_path, joined=True), protocol="image")
    audited = examine(tmp_path, "image")
    assert (audited["protocol"], audited["verdict"]) == ("image", "leaky")
    test, train = (SPLIT.read(table_path(tmp_path, split)) for split in ("test", "train"))
    shared = set(test["lesion_id"]) & set(train["lesion_id"])
    assert audited["test_lesions_of_train"] == round(len(shared) / test["lesion_id"].nunique(), 4)
    images = round(float(test["lesion_id"].isin(shared).mean()), 4)
    assert audited[SHARED_LESIONS] == images > 0
    found = audited["found"]
    assert found["lesion in several splits"] >= len(shared)
    assert set(audited["named"]["lesion in several splits"]) <= set(test["lesion_id"]) | set(train["lesion_id"])
    assert not any(number for kind, number in found.items() if kind not in TOLERATED["image"])
    assert "leaky protocol: image." in caplog.text
    assert "lesion in several splits, " in caplog.text


def test_paper_tells_what_it_leaks(merged: pd.DataFrame, tmp_path: Path) -> None:
    tiny.split(tmp_path, merged, protocol="paper")
    audited = examine(tmp_path, "paper")
    assert (audited["protocol"], audited["verdict"]) == ("paper", "leaky")
    held_out = SPLIT.read(table_path(tmp_path, "test"))
    assert audited["found"]["image in val and in test"] == len(held_out)
    assert audited["found"]["copy apart from its original"] > 0
    assert not any(audited["found"][kind] for kind in FAULTS)
    assert audited["splits"]["val"] == audited["splits"]["test"]
    assert audited[SHARED_LESIONS] > 0
    assert all(len(names) <= 5 for names in audited["named"].values())


def test_near_duplicates_are_looked_for_only_where_they_are_asked_for(tmp_path: Path) -> None:
    tiny.split(tmp_path, tiny.merge(tmp_path, joined=True), protocol="image", seed=1)
    merged = tmp_path / "data" / "merged" / "metadata.csv"
    for kind, path in [(MERGED, merged), *((SPLIT, table_path(tmp_path, split)) for split in SPLITS)]:
        table = kind.read(path)  # as merge writes groups where it looks for no near-duplicates
        kind.write(table.assign(group=table["group"].where(table["lesion_id"] != "HAM_12", "HAM_12")), path)
    with pytest.raises(LeakError, match=r"HAM_12 \(group HAM_12, by its files HAM_09\)"):
        examine(tmp_path, "image")
    assert audit(tiny.evidence(tmp_path, None, protocol="image"))["found"]["near-duplicate in several splits"] == 0


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._ISIC_00.jpg"])
def test_what_a_desktop_leaves_is_passed_over(project: Path, name: str) -> None:
    (project / "data" / "split" / "train" / "benign" / name).write_bytes(b"junk")
    assert examine(project)["verdict"] == "clean"
