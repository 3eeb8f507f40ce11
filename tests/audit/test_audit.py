"""The audit finds every planted leak and fault, and valid splits pass."""

import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.audit.audit import audit
from dermoscopy.audit.checks import FAULTS, LEAKS, TOLERATED
from dermoscopy.core.errors import LeakError
from dermoscopy.core.protocol import SHARED_LESIONS, VERDICTS
from dermoscopy.core.splits import SPLIT, SPLITS
from dermoscopy.ham10000.duplicates import MERGED
from tests import tiny
from tests.audit.plant import (
    PLANTED_FAULTS,
    PLANTED_LEAKS,
    Plant,
    Planted,
    change,
    plant_augmented_apart,
    plant_augmented_in_test,
    plant_test_row_in_train,
    plant_test_row_in_val,
    row_of,
    table_path,
)


def examine(root: Path, protocol: str = "lesion", **changes: bool) -> dict:
    return audit(tiny.evidence(root, protocol=protocol, **changes))


def test_valid_splits_are_clean(project: Path) -> None:
    audited = examine(project)
    assert (audited["protocol"], audited["verdict"]) == ("lesion", "clean")
    assert audited["found"] == dict.fromkeys([*LEAKS, *FAULTS], 0)
    assert sum(split["images"] for split in audited["splits"].values()) == 30
    assert sum(split["lesions"] for split in audited["splits"].values()) == 24
    assert audited["splits"]["train"]["augmented"] > 0
    assert audited["groups_of_several_lesions"] == 0
    assert "examples" not in audited


def test_no_false_positive_in_20_seeds(tmp_path: Path) -> None:
    merged = tiny.merge(tmp_path, joined=True)
    assert merged["group"].nunique() == 22
    for seed in range(20):
        tiny.split(tmp_path, merged, seed=seed, test_histo_only=seed % 2 == 1)
        audited = examine(tmp_path, test_histo_only=seed % 2 == 1)
        assert not any(audited["found"].values())
        assert audited["groups_of_several_lesions"] > 0
        shutil.rmtree(tmp_path / "data" / "augmented")


@pytest.mark.parametrize("plant", PLANTED_LEAKS + PLANTED_FAULTS)
def test_each_planted_leak_or_fault_is_reported(project: Path, plant: Plant) -> None:
    planted = plant(project)
    with pytest.raises(LeakError) as error:
        examine(project)
    assert planted.among(error.value.problems)


def test_every_check_has_a_planted_case(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for plants, checks in ((PLANTED_LEAKS, LEAKS), (PLANTED_FAULTS, FAULTS)):
        kinds = set()
        for plant in plants:
            folder = tmp_path_factory.mktemp(plant.__name__) / "project"
            shutil.copytree(project, folder)
            kinds.add(plant(folder).kind)
        assert kinds == set(checks)


@pytest.mark.parametrize("protocol", ["image", "paper"])
@pytest.mark.parametrize("plant", PLANTED_FAULTS)
def test_faults_fail_under_every_protocol(merged: pd.DataFrame, tmp_path: Path, plant: Plant, protocol: str) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    planted = plant(tmp_path)
    with pytest.raises(LeakError) as error:
        examine(tmp_path, protocol)
    assert planted.among(error.value.problems)
    kinds = {problem.split(", ")[0] for problem in error.value.problems}
    assert kinds <= set(FAULTS)


@pytest.mark.parametrize(
    ("protocol", "plants"),
    [
        ("image", [plant_augmented_apart, plant_augmented_in_test, plant_test_row_in_train, plant_test_row_in_val]),
        ("paper", [plant_test_row_in_train]),
    ],
)
def test_a_leak_that_the_protocol_never_makes_is_refused(
    merged: pd.DataFrame, tmp_path: Path, protocol: str, plants: list[Plant]
) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    for number, plant in enumerate(plants):
        project = tmp_path / str(number)
        shutil.copytree(tmp_path / "data", project / "data")
        planted = plant(project)._replace(facts=())
        with pytest.raises(LeakError) as error:
            examine(project, protocol)
        assert planted.among(error.value.problems)


@pytest.mark.parametrize("protocol", ["image", "paper"])
def test_leaky_protocols_have_their_leaks_and_no_others(tmp_path: Path, protocol: str) -> None:
    merged, found = tiny.merge(tmp_path, joined=True), dict.fromkeys([*LEAKS, *FAULTS], 0)
    for seed in range(10):
        tiny.split(tmp_path, merged, protocol=protocol, seed=seed, test_histo_only=seed % 2 == 1)
        audited = examine(tmp_path, protocol, test_histo_only=seed % 2 == 1)
        found = {kind: number + audited["found"][kind] for kind, number in found.items()}
        shutil.rmtree(tmp_path / "data" / "augmented")
    assert {kind for kind, number in found.items() if number} == set(TOLERATED[protocol])


def test_every_protocol_has_its_tolerated_leaks() -> None:
    assert set(TOLERATED) == set(VERDICTS)
    assert {protocol for protocol, leaks in TOLERATED.items() if not leaks} == {"lesion"}


@pytest.mark.parametrize("protocol", ["lesion", "image", "paper"])
def test_histo_only_test_split_may_lack_unconfirmed_lesions(
    merged: pd.DataFrame, tmp_path: Path, protocol: str
) -> None:
    tiny.split(tmp_path, merged, protocol=protocol, test_histo_only=True)
    assert not any(examine(tmp_path, protocol, test_histo_only=True)["found"][kind] for kind in FAULTS)
    if protocol != "paper":  # whose val has them
        with pytest.raises(LeakError, match="image missing since merge"):
            examine(tmp_path, protocol)


def test_other_splits_may_not_lack_unconfirmed_lesions(merged: pd.DataFrame, tmp_path: Path) -> None:
    """An unconfirmed lesion of two images, in train, loses one of them."""
    tiny.split(tmp_path, merged, seed=2, test_histo_only=True)
    table = SPLIT.read(table_path(tmp_path, "train"))
    several = table["lesion_id"].duplicated(keep=False) & (table["dx_type"] == "follow_up")
    row = table[several].iloc[0]
    SPLIT.write(table[table["image_id"] != row["image_id"]], table_path(tmp_path, "train"))
    (tmp_path / row["path"]).unlink()
    with pytest.raises(LeakError) as error:
        examine(tmp_path, test_histo_only=True)
    [problem] = error.value.problems
    assert Planted("image missing since merge", row["image_id"], (row["dx"],)).among([problem])


def test_a_changed_file_is_reported_even_if_its_table_has_the_new_hash(project: Path) -> None:
    row = row_of(project, "train")
    (project / row["path"]).write_bytes(b"no image")
    digest = hashlib.sha256(b"no image").hexdigest()
    change(project, "train", row["image_id"], sha256=digest)
    with pytest.raises(LeakError) as error:
        examine(project)
    row_problem, file_problem = error.value.problems
    facts = ("train.csv", f"sha256 {digest}", row["sha256"])
    assert Planted("row changed since merge", row["image_id"], facts).among([row_problem])
    assert Planted("file changed since merge", row["path"]).among([file_problem])


def test_an_image_that_was_never_merged_is_reported(project: Path) -> None:
    row = row_of(project, "train")
    unmerged = row.to_frame().T.assign(image_id="ISIC_99", source="ISIC_99")
    unmerged["path"] = row["path"].replace(row["image_id"], "ISIC_99")
    shutil.copy(project / row["path"], project / unmerged["path"].item())
    table = SPLIT.read(table_path(project, "train"))
    SPLIT.write(pd.concat([table, unmerged]), table_path(project, "train"))
    with pytest.raises(LeakError) as error:
        examine(project)
    [problem] = error.value.problems
    assert Planted("row changed since merge", "ISIC_99", ("train.csv", "never merged")).among([problem])


def test_splits_of_protocol_image_are_refused_under_protocol_lesion(tmp_path: Path) -> None:
    tiny.split(tmp_path, tiny.merge(tmp_path, joined=True), protocol="image")
    with pytest.raises(LeakError, match="lesion in several splits"):
        examine(tmp_path)


def test_leaks_of_protocol_image_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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
    assert set(audited["examples"]["lesion in several splits"]) <= set(test["lesion_id"]) | set(train["lesion_id"])
    assert not any(number for kind, number in found.items() if kind not in TOLERATED["image"])
    assert "leaky protocol: image." in caplog.text
    assert "lesion in several splits, " in caplog.text


def test_leaks_of_protocol_paper_are_counted(merged: pd.DataFrame, tmp_path: Path) -> None:
    tiny.split(tmp_path, merged, protocol="paper")
    audited = examine(tmp_path, "paper")
    assert (audited["protocol"], audited["verdict"]) == ("paper", "leaky")
    held_out = SPLIT.read(table_path(tmp_path, "test"))
    assert audited["found"]["image in val and test"] == len(held_out)
    assert audited["found"]["augmented image apart from its original"] > 0
    assert not any(audited["found"][kind] for kind in FAULTS)
    assert audited["splits"]["val"] == audited["splits"]["test"]
    assert audited[SHARED_LESIONS] > 0
    assert all(len(names) <= 5 for names in audited["examples"].values())


def test_near_duplicates_are_searched_only_if_requested(tmp_path: Path) -> None:
    tiny.split(tmp_path, tiny.merge(tmp_path, joined=True), protocol="image", seed=1)
    merged = tmp_path / "data" / "merged" / "metadata.csv"
    for kind, path in [(MERGED, merged), *((SPLIT, table_path(tmp_path, split)) for split in SPLITS)]:
        table = kind.read(path)  # groups as merge writes them without a search for near-duplicates
        kind.write(table.assign(group=table["group"].where(table["lesion_id"] != "HAM_12", "HAM_12")), path)
    with pytest.raises(LeakError, match=r"HAM_12 \(group HAM_12, by its files HAM_09\)"):
        examine(tmp_path, "image")
    assert audit(tiny.evidence(tmp_path, None, protocol="image"))["found"]["near-duplicate in several splits"] == 0


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._ISIC_00.jpg"])
def test_files_of_a_desktop_are_ignored(project: Path, name: str) -> None:
    (project / "data" / "split" / "train" / "benign" / name).write_bytes(b"junk")
    assert examine(project)["verdict"] == "clean"
