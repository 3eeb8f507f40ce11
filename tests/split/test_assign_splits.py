from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import ParameterError
from dermoscopy.core.params import read_yaml
from dermoscopy.core.splits import SPLITS
from dermoscopy.simulate.metadata import sample_table
from dermoscopy.simulate.params import Simulate
from dermoscopy.split.split import assign_splits

MALIGNANT = ("akiec", "bcc", "mel")
# HAM10000's lesions of each diagnosis.
HAM10000 = {"akiec": 228, "bcc": 327, "bkl": 727, "df": 73, "mel": 614, "nv": 5403, "vasc": 98}
# Proportions of HAM10000's lesions with one to six images.
REPEATS = np.array([5514, 1423, 490, 34, 5, 4]) / 7470
PROPORTIONS = {"train": 0.6, "val": 0.15, "test": 0.25}


def make(lesions: dict[str, int], seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    dx = np.repeat(list(lesions), list(lesions.values()))
    images = rng.choice(np.arange(1, 7), len(dx), p=REPEATS)
    names = np.array([f"HAM_{number:05}" for number in range(len(dx))])
    table = pd.DataFrame({"group": np.repeat(names, images), "dx": np.repeat(dx, images)})
    table["image_id"] = [f"ISIC_{number:05}" for number in range(len(table))]
    return table.assign(label=table["dx"].isin(MALIGNANT).astype(int))


def simulated(lesions: int, **changes: float) -> pd.DataFrame:
    """Return a simulated table, with every twentieth lesion joined to another of its diagnosis."""
    embedded = read_yaml(Path("params.yaml").read_text())["simulate"]
    params = Simulate(**embedded | {"lesions": lesions} | changes)
    table = sample_table(params).sort_values("image_id")
    names = table.drop_duplicates("lesion_id").sort_values(["dx", "lesion_id"])["lesion_id"].tolist()
    joined = {name: names[index - 1] for index, name in enumerate(names) if index % 20 == 1}
    return table.assign(group=table["lesion_id"].replace(joined), label=table["malignant"].astype(int))


@pytest.fixture(scope="module")
def small() -> pd.DataFrame:
    """A table as large as the embedded dataset."""
    return simulated(500)


@pytest.fixture(scope="module")
def large() -> pd.DataFrame:
    """A table as large as HAM10000, with its proportion of malignant lesions."""
    return simulated(7470, malignant=0.16)


def check(table: pd.DataFrame, split: "pd.Series[str]", points: float) -> None:
    assert split.groupby(table["group"]).nunique().max() == 1
    prevalence = table["label"].groupby(split).mean()
    assert set(prevalence.index) == set(SPLITS)
    assert (prevalence - table["label"].mean()).abs().max() <= points


def test_whole_groups_and_prevalence_over_100_seeds(small: pd.DataFrame) -> None:
    assert small["group"].nunique() == 475
    for seed in range(100):
        check(small, assign_splits(small, PROPORTIONS, seed), points=0.05)


def test_whole_groups_and_prevalence_on_a_dataset_of_ham10000s_size(large: pd.DataFrame) -> None:
    for seed in range(5):
        split = assign_splits(large, PROPORTIONS, seed)
        check(large, split, points=0.01)
        proportions = pd.crosstab(large["dx"], split, normalize="index")
        assert (proportions - PROPORTIONS).abs().max().max() < 0.05


@pytest.mark.slow
def test_whole_groups_and_prevalence_on_that_dataset_over_100_seeds(large: pd.DataFrame) -> None:
    for table in (large, make(HAM10000)):
        for seed in range(100):
            check(table, assign_splits(table, PROPORTIONS, seed), points=0.01)


def test_number_of_images_of_a_lesion_does_not_decide_its_split(small: pd.DataFrame) -> None:
    images = small.groupby("group")["group"].transform("size")
    in_test = [assign_splits(small, PROPORTIONS, seed) == "test" for seed in range(100)]
    proportion = pd.concat(in_test).groupby(pd.concat([images] * 100)).mean()
    assert proportion[[1, 2, 3]].between(0.22, 0.28).all()


def test_assignment_depends_on_the_seed_but_not_on_the_order_of_rows(small: pd.DataFrame) -> None:
    split = assign_splits(small, PROPORTIONS, 1)
    pd.testing.assert_series_equal(split, assign_splits(small, PROPORTIONS, 1))
    shuffled = assign_splits(small.sample(frac=1, random_state=5), PROPORTIONS, 1)
    pd.testing.assert_series_equal(split.sort_index(), shuffled.sort_index())
    assert not split.equals(assign_splits(small, PROPORTIONS, 2))


def test_a_group_of_two_labels_is_in_one_split(small: pd.DataFrame) -> None:
    benign, malignant = (small.loc[small["label"] == label, "group"].iloc[0] for label in (0, 1))
    joined = small["group"].isin([benign, malignant])
    table = small.assign(group=small["group"].replace(malignant, benign))
    assert len(assign_splits(table, PROPORTIONS, 1)[joined].unique()) == 1


@pytest.mark.parametrize(
    ("lesions", "label"),
    [({"nv": 50, "mel": 2}, "malignant"), ({"nv": 2, "mel": 50}, "benign"), ({"nv": 50}, "malignant")],
)
def test_a_split_without_a_label_is_refused(
    lesions: dict[str, int], label: str, wording: Callable[[str], None]
) -> None:
    with pytest.raises(ParameterError, match=rf"val .*{label}") as error:
        assign_splits(make(lesions), PROPORTIONS, 1)
    wording(str(error.value))


@pytest.mark.parametrize("order", [lambda table: table, lambda table: table.iloc[::-1]])
def test_three_lesions_of_a_label_fill_three_splits(order: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    names = [f"L{number}" for number in range(6)]
    table = pd.DataFrame(
        {"image_id": names, "group": names, "dx": ["nv"] * 3 + ["mel"] * 3, "label": [0] * 3 + [1] * 3}
    )
    split = assign_splits(order(table), {"train": 0.4, "val": 0.3, "test": 0.3}, 1)
    assert sorted(split[table["label"] == 1]) == sorted(SPLITS)


def test_splits_are_stratified_by_source(large: pd.DataFrame) -> None:
    split = assign_splits(large, PROPORTIONS, 1)
    images = pd.crosstab([large["dataset"], large["label"]], split, normalize="index")
    many = large.groupby(["dataset", "label"]).size() > 100
    assert (images[many] - pd.Series(PROPORTIONS)).abs().max().max() < 0.02


def test_without_sources_the_assignment_is_that_by_diagnosis(large: pd.DataFrame) -> None:
    without = assign_splits(large.drop(columns="dataset"), PROPORTIONS, 1)
    assert without.equals(assign_splits(large.assign(dataset=""), PROPORTIONS, 1))
    assert not without.equals(assign_splits(large, PROPORTIONS, 1))
