"""The leak gate fires: each check has what it must find planted, and sound parts pass."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.dataset.audit import audit
from dermoscopy.dataset.evidence import gather
from dermoscopy.dataset.faults import FAULTS
from dermoscopy.dataset.leaks import LEAKS
from dermoscopy.errors import LeakError
from dermoscopy.tables.parts import PART, PARTS
from tests.dataset import tiny
from tests.dataset.plant import (
    PLANTED_FAULTS,
    PLANTED_LEAKS,
    table_path,
)

Plant = Callable[[Path], str]


def examine(root: Path, protocol: str = "lesion") -> dict:
    return audit(gather(tiny.NEAR, root), protocol)


def test_sound_parts_are_clean(project: Path) -> None:
    audited = examine(project)
    assert (audited["protocol"], audited["verdict"]) == ("lesion", "clean")
    assert audited["found"] == dict.fromkeys([*LEAKS, *FAULTS], 0)
    assert sum(part["images"] for part in audited["parts"].values()) == 30
    assert sum(part["lesions"] for part in audited["parts"].values()) == 24
    assert audited["parts"]["train"]["copies"] > 0
    assert audited["groups_of_several_lesions"] == 0
    assert "named" not in audited


def test_no_false_alarm_in_20_seeds(tmp_path: Path) -> None:
    merged = tiny.merge(tmp_path, joined=True)
    assert merged["group"].nunique() == 22
    for seed in range(20):
        tiny.split(tmp_path, merged, seed=seed, test_histo_only=seed % 2 == 1)
        audited = examine(tmp_path)
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


def test_parts_of_a_leaky_protocol_are_refused_as_lesions(tmp_path: Path) -> None:
    tiny.split(tmp_path, tiny.merge(tmp_path, joined=True), protocol="image")
    with pytest.raises(LeakError, match="lesion in several parts"):
        examine(tmp_path)


def test_image_tells_what_it_leaks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tiny.split(tmp_path, tiny.merge(tmp_path, joined=True), protocol="image")
    audited = examine(tmp_path, "image")
    assert (audited["protocol"], audited["verdict"]) == ("image", "leaky")
    test, train = (PART.read(table_path(tmp_path, part)) for part in ("test", "train"))
    shared = set(test["lesion_id"]) & set(train["lesion_id"])
    assert audited["share of test lesions also in train"] == round(len(shared) / test["lesion_id"].nunique(), 4)
    photographs = round(float(test["lesion_id"].isin(shared).mean()), 4)
    assert audited["share of test photographs whose lesion is also in train"] == photographs > 0
    found = audited["found"]
    assert found["lesion in several parts"] >= len(shared)
    assert set(audited["named"]["lesion in several parts"]) <= set(test["lesion_id"]) | set(train["lesion_id"])
    assert (
        found["picture in several parts"] == found["copy outside train"] == found["copy apart from its original"] == 0
    )
    assert "leaky protocol: image." in caplog.text
    assert "lesion in several parts, " in caplog.text


def test_paper_tells_what_it_leaks(merged: pd.DataFrame, tmp_path: Path) -> None:
    tiny.split(tmp_path, merged, protocol="paper")
    audited = examine(tmp_path, "paper")
    assert (audited["protocol"], audited["verdict"]) == ("paper", "leaky")
    held_out = PART.read(table_path(tmp_path, "test"))
    assert audited["found"]["picture in several parts"] == len(held_out)
    assert audited["found"]["copy apart from its original"] > 0
    assert not any(audited["found"][kind] for kind in FAULTS)
    assert audited["parts"]["val"] == audited["parts"]["test"]
    assert audited["share of test photographs whose lesion is also in train"] > 0
    assert all(len(names) <= 5 for names in audited["named"].values())


def test_near_duplicates_are_looked_for_only_where_they_are_asked_for(tmp_path: Path) -> None:
    tiny.split(tmp_path, tiny.merge(tmp_path, joined=True), protocol="image", seed=1)
    for part in PARTS:  # as merge writes groups where it looks for no near-duplicates
        table = PART.read(table_path(tmp_path, part))
        own = table["group"].where(table["lesion_id"] != "HAM_12", "HAM_12")
        PART.write(table.assign(group=own), table_path(tmp_path, part))
    with pytest.raises(LeakError, match=r"HAM_12 \(group HAM_12, by its files HAM_09\)"):
        examine(tmp_path, "image")
    assert audit(gather(None, tmp_path), "image")["found"]["near-duplicate in several parts"] == 0


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._ISIC_00.jpg"])
def test_what_a_desktop_leaves_is_passed_over(project: Path, name: str) -> None:
    (project / "data" / "split" / "train" / "benign" / name).write_bytes(b"junk")
    assert examine(project)["verdict"] == "clean"
