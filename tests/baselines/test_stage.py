import shutil
from pathlib import Path

import pytest

from dermoscopy.core import params as file
from dermoscopy.core.splits import SPLIT
from dermoscopy.core.tables import PREDICTIONS
from stages.baselines import baselines
from tests.baselines.conftest import make_split

PARAMETERS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture(autouse=True)
def clear_parameters():
    file.read.cache_clear()
    yield
    file.read.cache_clear()


def test_stage_writes_a_table_for_each_baseline_with_the_same_bytes_again(splits):
    shutil.copy(PARAMETERS, ".")
    train, test = splits
    val = make_split("val", 6)
    for name, table in {"train": train, "val": val, "test": test}.items():
        SPLIT.write(table, Path("data/split", f"{name}.csv"))
    baselines()
    written = []
    for split, rows in {"val": val, "test": test}.items():
        paths = sorted(Path("data/baselines", split).iterdir())
        assert [path.stem for path in paths] == ["age_sex_site", "colours", "dx_type", "prevalence", "thumbnail"]
        for path in paths:
            assert PREDICTIONS.read(path)["image_id"].tolist() == sorted(rows["image_id"])
        written += paths
    first = [path.read_bytes() for path in written]
    baselines()
    assert [path.read_bytes() for path in written] == first
