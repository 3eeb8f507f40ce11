import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.merge.merge import sample_lesions

DX = ["nv"] * 60 + ["mel"] * 30 + ["df"] * 2
TABLE = pd.DataFrame({"lesion_id": [f"L{number:02}" for number in range(92)], "dx": DX})
TWO_IMAGES_EACH = pd.concat([TABLE, TABLE])


def sample(size: int, seed: int = 0, table: pd.DataFrame = TWO_IMAGES_EACH) -> list[str]:
    return sample_lesions(table, size, np.random.default_rng(seed))


def test_sample_has_every_diagnosis_in_proportion() -> None:
    counts = TABLE[TABLE["lesion_id"].isin(sample(19))]["dx"].value_counts()
    assert counts.to_dict() == {"nv": 12, "mel": 6, "df": 1}


def test_three_lesions_have_three_diagnoses() -> None:
    assert TABLE[TABLE["lesion_id"].isin(sample(3))]["dx"].nunique() == 3


def test_smaller_sample_is_contained_in_a_larger_one() -> None:
    assert set(sample(10)) < set(sample(40)) < set(sample(92))


def test_sample_depends_on_the_seed_but_not_on_the_order_of_rows() -> None:
    assert sample(20) == sample(20, table=TWO_IMAGES_EACH.sample(frac=1, random_state=3))
    assert sample(20) != sample(20, seed=1)


def test_more_lesions_than_the_dataset_has_raise_parameter_error() -> None:
    with pytest.raises(ParameterError, match=r"merge\.lesions: received 93\b.*\b92\b"):
        sample(93)
