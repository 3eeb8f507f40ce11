import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.metrics import confusion, roc_auc
from dermoscopy.ensemble.fit import CANDIDATES, WEIGHTS, candidate_rows, read_candidates, weight_rows
from dermoscopy.ensemble.selection import fit_candidates
from dermoscopy.evaluate.scores import score_subsets
from dermoscopy.evaluate.summary import grow
from dermoscopy.evaluate.tables import ENSEMBLE_SIZES, SUBSETS
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import images
from tests.ensemble.settings import ensemble
from tests.ensemble.test_candidates import planted

MEMBERS = ("cnn_a", "cnn_b", "vgg19")
ROWS, PROBABILITIES = planted(60, 1.0, 2.0, 1.5)
FITTED = fit_candidates(ROWS, PROBABILITIES, ensemble(*MEMBERS))


def written(folder):
    CANDIDATES.write(candidate_rows(ROWS["label"].to_numpy(), FITTED), folder / "candidates.csv")
    WEIGHTS.write(weight_rows(FITTED), folder / "weights.csv")
    return folder


def test_candidates_read_back_as_they_were_fitted(tmp_path):
    read = read_candidates(written(tmp_path))
    assert len(read) == len(FITTED)
    for one in FITTED:
        combiner, calibration = read["+".join(one.combiner.members), one.combiner.method]
        assert combiner == one.combiner
        assert combiner.members == one.combiner.members  # whose order decides the last digit of a sum
        assert calibration == one.calibration


def test_every_subset_is_scored_as_it_was_fitted(tmp_path):
    unit = images(ROWS)
    draws = resample_lesions(unit.lesion, unit.label, 20, np.random.default_rng(1))
    table = score_subsets(unit, PROBABILITIES, written(tmp_path), draws, 0.95)
    SUBSETS.write(table, tmp_path / "subsets.csv")
    value = table.set_index(["members", "method", "metric"])["value"]
    for one in FITTED:
        key, said = ("+".join(one.combiner.members), one.combiner.method), one.probability(PROBABILITIES)
        assert value[(*key, "roc_auc")] == pytest.approx(roc_auc(unit.label, said))
        assert value[(*key, "accuracy")] == confusion(unit.label, said >= one.cut).accuracy


def test_it_grows_from_the_most_accurate_on_val_with_and_without_that(tmp_path):
    unit = images(ROWS)
    draws = resample_lesions(unit.lesion, unit.label, 20, np.random.default_rng(1))
    subsets = score_subsets(unit, PROBABILITIES, written(tmp_path), draws, 0.95)
    candidates = candidate_rows(ROWS["label"].to_numpy(), FITTED)
    table = grow(candidates, subsets, "vgg19", "lesion")
    ENSEMBLE_SIZES.write(table, tmp_path / "ensemble_sizes.csv")
    alone = candidates[candidates["method"] == "alone"].set_index("members")["accuracy"]
    (longest,) = table.loc[table["size"] == 3, "start"].unique()
    assert longest == alone.idxmax()
    steps = table[table["start"] == longest].drop_duplicates("size")["added"]
    assert (alone[steps].diff().dropna() <= 0).all()
    assert sorted(table["start"].unique()) == sorted(steps.iloc[:2])
    mean = table[(table["start"] == longest) & (table["size"] == 3) & (table["method"] == "mean")].set_index("split")
    of = subsets.set_index(["members", "method", "metric"])["value"]
    assert mean.loc["test", "accuracy"] == of["cnn_a+cnn_b+vgg19", "mean", "accuracy"]
    assert mean.loc["val", "roc_auc"] != mean.loc["test", "roc_auc"]


def test_where_one_counts_it_is_told_alone():
    alone = [one for one in FITTED if len(one.combiner.members) == 1]
    candidates = candidate_rows(ROWS["label"].to_numpy(), alone)
    subsets = pd.DataFrame(
        [(name, "alone", metric, 0.7, 0.6, 0.8) for name in MEMBERS for metric in ("accuracy", "roc_auc")],
        columns=["members", "method", "metric", "value", "low", "high"],
    )
    table = grow(candidates, subsets, "vgg19", "lesion")
    assert set(table["start"]) == set(table["added"]) == {"vgg19"}
    assert set(table["size"]) == {1}
