from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.core.params import read_yaml
from dermoscopy.core.splits import SPLITS
from dermoscopy.simulate.metadata import draw_table
from dermoscopy.simulate.params import Simulate
from dermoscopy.split.split import deal

MALIGNANT = ("akiec", "bcc", "mel")
# HAM10000's lesions of each diagnosis.
HAM10000 = {"akiec": 228, "bcc": 327, "bkl": 727, "df": 73, "mel": 614, "nv": 5403, "vasc": 98}
# Of HAM10000's lesions, imaged once to six times.
REPEATS = np.array([5514, 1423, 490, 34, 5, 4]) / 7470
SHARES = {"train": 0.6, "val": 0.15, "test": 0.25}


def make(lesions: dict[str, int], seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    dx = np.repeat(list(lesions), list(lesions.values()))
    images = rng.choice(np.arange(1, 7), len(dx), p=REPEATS)
    names = np.array([f"HAM_{number:05}" for number in range(len(dx))])
    table = pd.DataFrame({"group": np.repeat(names, images), "dx": np.repeat(dx, images)})
    table["image_id"] = [f"ISIC_{number:05}" for number in range(len(table))]
    return table.assign(label=table["dx"].isin(MALIGNANT).astype(int))


def simulated(lesions: int, **changes: float) -> pd.DataFrame:
    """The embedded dataset's table, with every twentieth lesion joined to the next of its diagnosis."""
    embedded = read_yaml(Path("params.yaml").read_text())["simulate"]
    params = Simulate(**embedded | {"lesions": lesions} | changes)
    table = draw_table(params).sort_values("image_id")
    names = table.drop_duplicates("lesion_id").sort_values(["dx", "lesion_id"])["lesion_id"].tolist()
    joined = {name: names[place - 1] for place, name in enumerate(names) if place % 20 == 1}
    return table.assign(group=table["lesion_id"].replace(joined), label=table["malignant"].astype(int))


@pytest.fixture(scope="module")
def small() -> pd.DataFrame:
    """As large as the embedded dataset."""
    return simulated(500)


@pytest.fixture(scope="module")
def large() -> pd.DataFrame:
    """As large as HAM10000, with its share of malignant lesions."""
    return simulated(7470, malignant=0.16)


def check(table: pd.DataFrame, split: "pd.Series[str]", points: float) -> None:
    assert split.groupby(table["group"]).nunique().max() == 1
    prevalence = table["label"].groupby(split).mean()
    assert set(prevalence.index) == set(SPLITS)
    assert (prevalence - table["label"].mean()).abs().max() <= points


def test_whole_groups_and_prevalence_over_100_seeds(small: pd.DataFrame) -> None:
    assert small["group"].nunique() == 475
    for seed in range(100):
        check(small, deal(small, SHARES, seed), points=0.05)


def test_whole_groups_and_prevalence_on_an_archive_of_ham10000s_size(large: pd.DataFrame) -> None:
    for seed in range(5):
        split = deal(large, SHARES, seed)
        check(large, split, points=0.01)
        shares = pd.crosstab(large["dx"], split, normalize="index")
        assert (shares - SHARES).abs().max().max() < 0.05


@pytest.mark.slow
def test_whole_groups_and_prevalence_on_that_archive_over_100_seeds(large: pd.DataFrame) -> None:
    for table in (large, make(HAM10000)):
        for seed in range(100):
            check(table, deal(table, SHARES, seed), points=0.01)


def test_how_often_a_lesion_was_photographed_does_not_choose_its_part(small: pd.DataFrame) -> None:
    images = small.groupby("group")["group"].transform("size")
    in_test = [deal(small, SHARES, seed) == "test" for seed in range(100)]
    share = pd.concat(in_test).groupby(pd.concat([images] * 100)).mean()
    assert share[[1, 2, 3]].between(0.22, 0.28).all()


def test_the_order_of_rows_does_not_matter_and_the_seed_does(small: pd.DataFrame) -> None:
    split = deal(small, SHARES, 1)
    pd.testing.assert_series_equal(split, deal(small, SHARES, 1))
    shuffled = deal(small.sample(frac=1, random_state=5), SHARES, 1)
    pd.testing.assert_series_equal(split.sort_index(), shuffled.sort_index())
    assert not split.equals(deal(small, SHARES, 2))


def test_a_group_of_two_labels_stays_together_as_a_malignant_one(small: pd.DataFrame) -> None:
    one, other = (small.loc[small["label"] == label, "group"].iloc[0] for label in (0, 1))
    joined = small["group"].isin([one, other])
    table = small.assign(group=small["group"].replace(other, one))
    assert len(deal(table, SHARES, 1)[joined].unique()) == 1


@pytest.mark.parametrize(
    ("lesions", "label"),
    [({"nv": 50, "mel": 2}, "malignant"), ({"nv": 2, "mel": 50}, "benign"), ({"nv": 50}, "malignant")],
)
def test_a_part_without_a_label_is_told(lesions: dict[str, int], label: str) -> None:
    with pytest.raises(ParameterError, match=rf"val gets no {label} image"):
        deal(make(lesions), SHARES, 1)


@pytest.mark.parametrize("order", [lambda table: table, lambda table: table.iloc[::-1]])
def test_three_lesions_of_a_label_fill_three_parts(order: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    names = [f"L{number}" for number in range(6)]
    table = pd.DataFrame(
        {"image_id": names, "group": names, "dx": ["nv"] * 3 + ["mel"] * 3, "label": [0] * 3 + [1] * 3}
    )
    split = deal(order(table), {"train": 0.4, "val": 0.3, "test": 0.3}, 1)
    assert sorted(split[table["label"] == 1]) == sorted(SPLITS)
