"""The stages split, augment and audit, as their scripts run them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from dermoscopy.core import params as file
from dermoscopy.core.errors import LeakError
from dermoscopy.core.protocol import protocol_title
from dermoscopy.ham10000.problems import PROBLEMS
from stages.audit import audit
from stages.augment import augment
from stages.split import split
from tests import tiny
from tests.audit.plant import (
    Plant,
    plant_augmented_apart,
    plant_bytes,
    plant_lesion,
    plant_near_duplicate,
    plant_test_row_in_train,
)
from tests.committed import long_floats

TOP = Path(__file__).parents[2]
FIVE = [plant_lesion, plant_near_duplicate, plant_bytes, plant_augmented_apart, plant_test_row_in_train]


@pytest.fixture
def run_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Return a function that runs split and augment on the tiny dataset, in a temporary working directory."""
    tiny.merge(tmp_path)
    PROBLEMS.write(pd.DataFrame(columns=list(PROBLEMS.columns)), tmp_path / "data" / "acquired" / "problems.csv")
    monkeypatch.chdir(tmp_path)

    def run(**changes: object) -> Path:
        params = YAML().load(TOP / "params.yaml")
        params["policy"]["malignant"] = "mel"
        params["split"].update({"val": 0.25, "test": 0.25} | changes)
        YAML().dump(params, tmp_path / "params.yaml")
        file.read.cache_clear()
        split()
        augment()
        return tmp_path

    yield run
    file.read.cache_clear()


def contents(*folders: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for out in folders for path in sorted(Path(out).rglob("*.*"))}


@pytest.mark.parametrize(
    ("protocol", "line"), [("lesion", "lesion clean\n"), ("image", "image leaky\n"), ("paper", "paper leaky\n")]
)
def test_audit_passes_under_each_protocol_and_records_it(
    run_split: Callable[..., Path], protocol: str, line: str
) -> None:
    run_split(protocol=protocol)
    audit()
    assert Path("data/audited").read_text() == line
    assert json.loads(Path("metrics/audit.json").read_text())["protocol"] == protocol
    described = json.loads(Path("metrics/data.json").read_text())
    assert next(iter(described.items())) == ("protocol", protocol_title(protocol))
    assert [path for path in (*Path("metrics").glob("*"), *Path("plots").glob("*")) if long_floats(path)] == []
    first = contents("data", "metrics", "plots")
    split(), augment(), audit()
    assert contents("data", "metrics", "plots") == first


@pytest.mark.parametrize("protocol", ["lesion", "image", "paper"])
def test_another_test_split_leaves_train_and_val_unchanged(run_split: Callable[..., Path], protocol: str) -> None:
    of_training = [
        *("data/split/train", "data/split/val", "data/split/train.csv", "data/split/val.csv"),
        *("data/augmented/train", "data/augmented/val", "data/audited"),
    ]

    def state() -> dict[str, bytes]:
        audit()
        files = [path for out in of_training for path in (Path(out), *Path(out).rglob("*")) if path.is_file()]
        return {str(path): path.read_bytes() for path in files}

    run_split(protocol=protocol)
    unrestricted, before = Path("data/split/test.csv").read_bytes(), state()
    run_split(protocol=protocol, test_histo_only=True)
    assert state() == before
    assert len(Path("data/split/test.csv").read_bytes()) < len(unrestricted)


@pytest.mark.parametrize("plant", FIVE)
def test_a_planted_leak_stops_the_audit(run_split: Callable[..., Path], plant: Plant) -> None:
    planted = plant(run_split())
    with pytest.raises(LeakError) as error:
        audit()
    assert planted.among(error.value.problems)
    assert not Path("data/audited").exists()


def test_five_leaks_are_in_one_message_without_a_traceback(run_split: Callable[..., Path]) -> None:
    project = run_split()
    kinds = [plant(project).kind for plant in FIVE]
    environment = os.environ | {"PYTHONPATH": str(TOP / "src"), "DVC_ROOT": str(project)}
    done = subprocess.run(
        [sys.executable, TOP / "stages" / "audit.py"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for kind in kinds:
        assert f"\n  {kind}, " in done.stderr
    for kind in ("train image in another split", "augmented image apart from its original"):
        assert f"\n  {kind}, 1: " in done.stderr
    assert not Path("data/audited").exists()
    assert not Path("metrics").exists()


def test_message_of_five_leaks(run_split: Callable[..., Path], wording: Callable[[str], None]) -> None:
    project = run_split()
    for plant in FIVE:
        plant(project)
    with pytest.raises(LeakError) as error:
        audit()
    wording(str(error.value))
