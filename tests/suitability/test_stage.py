import shutil
from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core import params as file
from dermoscopy.core.splits import SPLIT, locate
from dermoscopy.suitability.suitability import REFERENCE, UNLIKE, read_reference
from stages.suitability import suitability
from tests.suitability.conftest import make_lesion

PARAMETERS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.read.cache_clear()
    monkeypatch.chdir(tmp_path)
    shutil.copy(PARAMETERS, ".")
    write_split("train", range(20), augmented=True)
    write_split("val", range(20, 30))
    yield
    file.read.cache_clear()


def write_split(split: str, numbers: range, augmented: bool = False) -> None:
    """Write a split; its augmented images have rows, but no files."""
    ids = [f"image_{number:03}" for number in numbers]
    rows = pd.DataFrame(
        {"image_id": ids, "lesion_id": ids, "group": ids, "source": ids, "dx": "mel", "dx_type": "histo"}
    )
    if augmented:
        rows = pd.concat([rows, rows.assign(image_id=rows["source"] + "_copy1")], ignore_index=True)
    rows = rows.assign(age=50.0, sex="male", localization="back", label=1, split=split, sha256="")
    rows["path"] = locate(rows, split)
    for path, number in zip(rows["path"], numbers, strict=False):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        make_lesion(number).save(path)
    SPLIT.write(rows, Path("data/split", f"{split}.csv"))


def test_the_stage_uses_the_originals_of_train_and_val_and_writes_the_same_bytes_again() -> None:
    """There is no test split and no augmented image, so a stage that reads them fails."""
    suitability()
    first = REFERENCE.read_bytes()
    reference = read_reference(REFERENCE)
    assert reference.images == {"train": 20, "val": 10}
    assert reference.unsuitable["val"][UNLIKE] == 0
    suitability()
    assert REFERENCE.read_bytes() == first
