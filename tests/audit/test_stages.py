"""The stages from the split to the audit, as their scripts run them."""

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
from dermoscopy.core.splits import protocol_title
from dermoscopy.ham10000.problems import PROBLEMS
from stages.audit import audit
from stages.augment import augment
from stages.split import split
from tests import tiny
from tests.audit.plant import plant_bytes, plant_copy, plant_lesion, plant_near_duplicate, plant_test_row

TOP = Path(__file__).parents[2]
FIVE = [plant_lesion, plant_near_duplicate, plant_bytes, plant_copy, plant_test_row]


@pytest.fixture
def dealt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Runs split and augment on the tiny dataset, in what is then the working directory."""
    tiny.merge(tmp_path)
    PROBLEMS.write(pd.DataFrame(columns=list(PROBLEMS.columns)), tmp_path / "data" / "problems.csv")
    monkeypatch.chdir(tmp_path)

    def deal(**changes: object) -> Path:
        params = YAML().load(TOP / "params.yaml")
        params["policy"]["malignant"] = "mel"
        params["split"].update({"val": 0.25, "test": 0.25} | changes)
        YAML().dump(params, tmp_path / "params.yaml")
        file.read.cache_clear()
        split()
        augment()
        return tmp_path

    yield deal
    file.read.cache_clear()


def contents(*folders: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for out in folders for path in sorted(Path(out).rglob("*.*"))}


@pytest.mark.parametrize(
    ("protocol", "line"), [("lesion", "lesion clean\n"), ("image", "image leaky\n"), ("paper", "paper leaky\n")]
)
def test_each_protocol_passes_its_audit_and_is_named(dealt: Callable[..., Path], protocol: str, line: str) -> None:
    dealt(protocol=protocol)
    audit()
    assert Path("data/audited").read_text() == line
    assert json.loads(Path("metrics/audit.json").read_text())["protocol"] == protocol
    described = json.loads(Path("metrics/data.json").read_text())
    assert next(iter(described.items())) == ("protocol", protocol_title(protocol))
    first = contents("data", "metrics", "plots")
    split(), augment(), audit()
    assert contents("data", "metrics", "plots") == first


@pytest.mark.parametrize("protocol", ["lesion", "image", "paper"])
def test_another_test_part_trains_nothing_anew(dealt: Callable[..., Path], protocol: str) -> None:
    of_training = [
        *("data/split/train", "data/split/val", "data/split/train.csv", "data/split/val.csv"),
        *("data/augmented/train", "data/augmented/val", "data/audited"),
    ]

    def state() -> dict[str, bytes]:
        audit()
        files = [path for out in of_training for path in (Path(out), *Path(out).rglob("*")) if path.is_file()]
        return {str(path): path.read_bytes() for path in files}

    dealt(protocol=protocol)
    every, before = Path("data/split/test.csv").read_bytes(), state()
    dealt(protocol=protocol, test_histo_only=True)
    assert state() == before
    assert len(Path("data/split/test.csv").read_bytes()) < len(every)


@pytest.mark.parametrize("plant", FIVE)
def test_a_planted_leak_stops_the_audit(dealt: Callable[..., Path], plant: Callable[[Path], str]) -> None:
    named = plant(dealt())
    with pytest.raises(LeakError) as error:
        audit()
    assert named in error.value.problems
    assert not Path("data/audited").exists()


def test_five_leaks_are_one_message_without_a_traceback(dealt: Callable[..., Path]) -> None:
    project = dealt()
    for plant in FIVE:
        plant(project)
    environment = os.environ | {"PYTHONPATH": str(TOP / "src"), "DVC_ROOT": str(project)}
    done = subprocess.run(
        [sys.executable, TOP / "stages" / "audit.py"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for kind in ("lesion", "near-duplicate", "same bytes"):
        assert f"\n  {kind} in several splits, " in done.stderr
    for kind in ("image of train in another split", "copy apart from its original"):
        assert f"\n  {kind}, 1: " in done.stderr
    assert not Path("data/audited").exists()
    assert not Path("metrics").exists()
