import numpy as np
import pandas as pd
import pytest

from dermoscopy.core.metrics import confusion, roc_auc
from dermoscopy.ensemble.fit import CANDIDATES, WEIGHTS, candidate_rows, read_candidates, weight_rows
from dermoscopy.ensemble.selection import fit_candidates
from dermoscopy.evaluate.chart_tables import ENSEMBLE_SIZES
from dermoscopy.evaluate.charts import ensemble_size_rows
from dermoscopy.evaluate.scores import score_subsets
from dermoscopy.evaluate.tables import SUBSETS
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import by_image
from tests.ensemble.settings import ensemble
from tests.ensemble.test_candidates import planted

MEMBERS = ("cnn_a", "cnn_b", "vgg19")
ROWS, PROBABILITIES = planted(60, 1.0, 2.0, 1.5)
FITTED = fit_candidates(ROWS, PROBABILITIES, ensemble(*MEMBERS))


def write_fitted(folder):
    CANDIDATES.write(candidate_rows(ROWS["label"].to_numpy(), FITTED), folder / "candidates.csv")
    WEIGHTS.write(weight_rows(FITTED), folder / "weights.csv")
    return folder


def test_candidates_are_read_as_they_were_fitted(tmp_path):
    read = read_candidates(write_fitted(tmp_path))
    assert len(read) == len(FITTED)
    for candidate in FITTED:
        combiner, calibration = read["+".join(candidate.combiner.members), candidate.combiner.method]
        assert combiner == candidate.combiner
        assert combiner.members == candidate.combiner.members  # the order decides the last digit of a sum
        assert calibration == candidate.calibration


def test_every_subset_is_evaluated_as_it_was_fitted(tmp_path):
    unit = by_image(ROWS)
    resamples = resample_lesions(unit.lesion, unit.label, 20, np.random.default_rng(1))
    table = score_subsets(unit, PROBABILITIES, write_fitted(tmp_path), resamples, 0.95)
    SUBSETS.write(table, tmp_path / "subsets.csv")
    value = table.set_index(["members", "method", "metric"])["value"]
    for candidate in FITTED:
        key = ("+".join(candidate.combiner.members), candidate.combiner.method)
        y_prob = candidate.probability(PROBABILITIES)
        assert value[(*key, "roc_auc")] == pytest.approx(roc_auc(unit.label, y_prob))
        assert value[(*key, "accuracy")] == confusion(unit.label, y_prob >= candidate.calibrated_threshold).accuracy


def test_members_are_added_by_accuracy_on_val_with_and_without_the_first(tmp_path):
    unit = by_image(ROWS)
    resamples = resample_lesions(unit.lesion, unit.label, 20, np.random.default_rng(1))
    subsets = score_subsets(unit, PROBABILITIES, write_fitted(tmp_path), resamples, 0.95)
    candidates = candidate_rows(ROWS["label"].to_numpy(), FITTED)
    table = ensemble_size_rows(candidates, subsets, "vgg19", "lesion")
    ENSEMBLE_SIZES.write(table, tmp_path / "ensemble_sizes.csv")
    accuracy = candidates[candidates["method"] == "single"].set_index("members")["accuracy"]
    (longest,) = table.loc[table["size"] == 3, "start"].unique()
    assert longest == accuracy.idxmax()
    steps = table[table["start"] == longest].drop_duplicates("size")["added"]
    assert (accuracy[steps].diff().dropna() <= 0).all()
    assert sorted(table["start"].unique()) == sorted(steps.iloc[:2])
    mean = table[(table["start"] == longest) & (table["size"] == 3) & (table["method"] == "mean")].set_index("split")
    on_test = subsets.set_index(["members", "method", "metric"])["value"]
    assert mean.loc["test", "accuracy"] == on_test["cnn_a+cnn_b+vgg19", "mean", "accuracy"]
    # Test has the images of val here. Nothing is fitted in a mean, so val's out-of-fold figures are the same.
    assert mean.loc["val", "roc_auc"] == pytest.approx(mean.loc["test", "roc_auc"])
    stacking = table[(table["start"] == longest) & (table["size"] == 3) & (table["method"] == "stacking")]
    assert stacking["roc_auc"].nunique() == 2


def test_an_ensemble_of_one_member_has_size_1():
    singles = [candidate for candidate in FITTED if len(candidate.combiner.members) == 1]
    candidates = candidate_rows(ROWS["label"].to_numpy(), singles)
    subsets = pd.DataFrame(
        [(name, "single", metric, 0.7, 0.6, 0.8) for name in MEMBERS for metric in ("accuracy", "roc_auc")],
        columns=["members", "method", "metric", "value", "low", "high"],
    )
    table = ensemble_size_rows(candidates, subsets, "vgg19", "lesion")
    assert set(table["start"]) == set(table["added"]) == {"vgg19"}
    assert set(table["size"]) == {1}
