import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.merge.merge import sample_lesions

DX = ["nv"] * 60 + ["mel"] * 30 + ["df"] * 2
TABLE = pd.DataFrame({"lesion_id": [f"L{number:02}" for number in range(92)], "dx": DX})
TWICE = pd.concat([TABLE, TABLE])


def draw(size: int, seed: int = 0, table: pd.DataFrame = TWICE) -> list[str]:
    return sample_lesions(table, size, np.random.default_rng(seed))


def test_every_diagnosis_stays_and_the_rest_is_in_proportion() -> None:
    counts = TABLE[TABLE["lesion_id"].isin(draw(19))]["dx"].value_counts()
    assert counts.to_dict() == {"nv": 12, "mel": 6, "df": 1}


def test_three_lesions_are_of_three_diagnoses() -> None:
    assert TABLE[TABLE["lesion_id"].isin(draw(3))]["dx"].nunique() == 3


def test_a_smaller_sample_is_part_of_a_larger() -> None:
    assert set(draw(10)) < set(draw(40)) < set(draw(92))


def test_the_order_of_rows_does_not_matter_and_the_seed_does() -> None:
    assert draw(20) == draw(20, table=TWICE.sample(frac=1, random_state=3))
    assert draw(20) != draw(20, seed=1)


def test_more_lesions_than_there_are_is_told() -> None:
    with pytest.raises(ParameterError, match=r"merge\.lesions: 93 lesions wanted, 92 are there"):
        draw(93)
