import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.errors import TableError
from dermoscopy.ensemble.combiners import METHODS
from dermoscopy.ensemble.selection import deal, fit_candidates, subsets
from tests.ensemble.settings import ensemble
from tests.simulated import simulate


def planted(lesions: int, *separations: float, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Images and the probabilities of cnn_a, cnn_b, vgg19, as separable as given.

    They share noise, so that even a member of separation 0 could be of use to the others; it gets noise of its own.
    """
    generator = np.random.default_rng(seed)
    rows = simulate(lesions, generator, separations)
    for number, separation in enumerate(separations):
        if not separation:
            rows[f"p{number}"] = generator.random(len(rows))
    names = dict(zip((f"p{number}" for number in range(len(separations))), ("cnn_a", "cnn_b", "vgg19"), strict=False))
    return rows.assign(group=rows["lesion_id"]), rows[list(names)].rename(columns=names)


def test_every_subset_once():
    assert subsets(["a", "b", "c"]) == [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")]


def test_every_subset_in_every_way_and_the_others_alone():
    rows, probabilities = planted(40, 2.0, 1.5, 0.0)
    found = fit_candidates(rows, probabilities, ensemble("cnn_a", "cnn_b"))
    ways = {("cnn_a", "cnn_b"): set(METHODS), ("cnn_a",): {"alone"}, ("cnn_b",): {"alone"}, ("vgg19",): {"alone"}}
    assert {
        members: {one.combiner.method for one in found if one.combiner.members == members}
        for members in {one.combiner.members for one in found}
    } == ways
    assert len(found) == len(METHODS) + 3


def test_groups_stay_together_and_every_fold_leaves_both_labels():
    group = np.array(["a", "a", "b", "c", "d", "e", "f"])
    label = np.array([1, 1, 0, 0, 1, 0, 1])
    fold = deal(group, label, 5)
    assert fold[0] == fold[1]
    assert set(fold) == {0, 1, 2}
    for number in set(fold):
        assert set(label[fold != number]) == {0, 1}


def test_a_label_with_one_group_leaves_nothing_out():
    assert set(deal(np.array(["a", "b", "c"]), np.array([1, 0, 0]), 5)) == {0}
    rows, probabilities = planted(3, 2.0, 1.5)
    assert len(fit_candidates(rows, probabilities, ensemble())) > 0


def test_the_lesion_that_is_judged_had_no_say():
    rows, probabilities = planted(30, 1.0, 1.0)
    before = fit_candidates(rows, probabilities, ensemble())
    here = rows["group"] == rows["group"].iloc[0]
    changed = probabilities.copy()
    changed.loc[here, "cnn_a"] = 1 - changed.loc[here, "cnn_a"]
    after = fit_candidates(rows, changed, ensemble())
    fold = deal(rows["group"].to_numpy(dtype=str), rows["label"].to_numpy(), 5)
    same = fold == fold[0]
    for one, other in zip(before, after, strict=True):
        assert (one.left_out[same & ~here] == other.left_out[same & ~here]).all()
        if "cnn_a" in one.combiner.members:
            assert (one.left_out[~same] != other.left_out[~same]).any()


def test_one_label_is_refused():
    rows, probabilities = planted(9, 1.0, 1.0)
    benign = rows["label"] == 0
    with pytest.raises(TableError, match=r"larger split\.val"):
        fit_candidates(rows[benign], probabilities[benign], ensemble())
