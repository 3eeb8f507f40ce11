from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from dermoscopy.dataset.split import deal
from dermoscopy.errors import ParameterError
from dermoscopy.params.split import Split
from dermoscopy.tables.parts import PARTS

MALIGNANT = ("akiec", "bcc", "mel")
# HAM10000's, and the simulated archive's of about 700 photographs: lesions of each diagnosis.
LARGE = {"akiec": 228, "bcc": 327, "bkl": 727, "df": 73, "mel": 614, "nv": 5403, "vasc": 98}
SMALL = {"akiec": 25, "bcc": 40, "bkl": 60, "df": 15, "mel": 85, "nv": 260, "vasc": 15}
# Of HAM10000's lesions, photographed once to six times.
REPEATS = np.array([5514, 1423, 490, 34, 5, 4]) / 7470


def make(lesions: dict[str, int], seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    dx = np.repeat(list(lesions), list(lesions.values()))
    photographs = rng.choice(np.arange(1, 7), len(dx), p=REPEATS)
    names = np.array([f"HAM_{number:05}" for number in range(len(dx))])
    table = pd.DataFrame({"group": np.repeat(names, photographs), "dx": np.repeat(dx, photographs)})
    table["image_id"] = [f"ISIC_{number:05}" for number in range(len(table))]
    return table.assign(label=table["dx"].isin(MALIGNANT).astype(int))


def params(seed: int = 1, val: float = 0.15, test: float = 0.25) -> Split:
    return Split(seed=seed, val=val, test=test)


def check(table: pd.DataFrame, part: "pd.Series[str]", points: float) -> None:
    assert part.groupby(table["group"]).nunique().max() == 1
    prevalence = table["label"].groupby(part).mean()
    assert set(prevalence.index) == set(PARTS)
    assert (prevalence - table["label"].mean()).abs().max() <= points


def test_whole_groups_and_prevalence_over_100_seeds() -> None:
    table = make(SMALL)
    for seed in range(100):
        check(table, deal(table, params(seed)), points=0.05)


def test_whole_groups_and_prevalence_on_an_archive_of_ham10000s_size() -> None:
    table = make(LARGE)
    for seed in range(5):
        part = deal(table, params(seed))
        check(table, part, points=0.01)
        shares = pd.crosstab(table["dx"], part, normalize="index")
        assert (shares - {"train": 0.6, "val": 0.15, "test": 0.25}).abs().max().max() < 0.05


@pytest.mark.slow
def test_whole_groups_and_prevalence_on_that_archive_over_100_seeds() -> None:
    table = make(LARGE)
    for seed in range(100):
        check(table, deal(table, params(seed)), points=0.01)


def test_how_often_a_lesion_was_photographed_does_not_choose_its_part() -> None:
    table = make(SMALL)
    photographs = table.groupby("group")["group"].transform("size")
    in_test = [deal(table, params(seed)) == "test" for seed in range(100)]
    share = pd.concat(in_test).groupby(pd.concat([photographs] * 100)).mean()
    assert share[[1, 2, 3]].between(0.22, 0.28).all()


def test_the_order_of_rows_does_not_matter_and_the_seed_does() -> None:
    table = make(SMALL)
    part = deal(table, params())
    shuffled = deal(table.sample(frac=1, random_state=5), params())
    pd.testing.assert_series_equal(part, shuffled.sort_index())
    assert not part.equals(deal(table, params(seed=2)))


def test_a_group_of_two_labels_stays_together_as_a_malignant_one() -> None:
    table = make(SMALL)
    joined = table["group"].isin(["HAM_00000", "HAM_00499"])
    table.loc[joined, "group"] = "HAM_00000"
    assert table.loc[joined, "label"].nunique() == 2
    assert len(deal(table, params())[joined].unique()) == 1


@pytest.mark.parametrize(
    ("lesions", "label"),
    [({"nv": 50, "mel": 2}, "malignant"), ({"nv": 2, "mel": 50}, "benign"), ({"nv": 50}, "malignant")],
)
def test_a_part_without_a_label_is_told(lesions: dict[str, int], label: str) -> None:
    with pytest.raises(ParameterError, match=rf"val gets no {label} photograph"):
        deal(make(lesions), params())


@pytest.mark.parametrize("order", [lambda table: table, lambda table: table.iloc[::-1]])
def test_three_lesions_of_a_label_fill_three_parts(order: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    names = [f"L{number}" for number in range(6)]
    table = pd.DataFrame(
        {"image_id": names, "group": names, "dx": ["nv"] * 3 + ["mel"] * 3, "label": [0] * 3 + [1] * 3}
    )
    part = deal(order(table), params(val=0.3, test=0.3))
    assert sorted(part[table["label"] == 1]) == sorted(PARTS)
