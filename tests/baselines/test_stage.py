import shutil
from pathlib import Path

import pytest

from dermoscopy.core import params as file
from dermoscopy.core.splits import SPLIT
from dermoscopy.core.tables import PREDICTIONS
from stages.baselines import baselines

PARAMETERS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture(autouse=True)
def clear_parameters():
    file.read.cache_clear()
    yield
    file.read.cache_clear()


def test_stage_writes_a_table_for_each_baseline_with_the_same_bytes_again(splits):
    shutil.copy(PARAMETERS, ".")
    for name, table in zip(("train", "test"), splits, strict=True):
        SPLIT.write(table, Path("data/split", f"{name}.csv"))
    baselines()
    written = sorted(Path("data/baselines").iterdir())
    assert [path.stem for path in written] == ["age_sex_site", "colours", "dx_type", "prevalence", "thumbnail"]
    for path in written:
        assert PREDICTIONS.read(path)["image_id"].tolist() == sorted(splits[1]["image_id"])
    first = [path.read_bytes() for path in written]
    baselines()
    assert [path.read_bytes() for path in written] == first
