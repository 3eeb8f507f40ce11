import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from dermoscopy.core.errors import TableError
from dermoscopy.ensemble.fit import candidate_rows
from dermoscopy.ensemble.params import METHODS
from dermoscopy.ensemble.selection import assign_folds, fit_candidates, subsets
from tests.ensemble.settings import ensemble
from tests.simulated import simulate


def planted(lesions: int, *separations: float, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate images of val and the probabilities of cnn_a, cnn_b and vgg19 with the given separations.

    Members share noise, so that even one of separation 0 could improve the others; it gets independent noise.
    """
    generator = np.random.default_rng(seed)
    rows = simulate(lesions, generator, separations)
    for number, separation in enumerate(separations):
        if not separation:
            rows[f"p{number}"] = generator.random(len(rows))
    names = dict(zip((f"p{number}" for number in range(len(separations))), ("cnn_a", "cnn_b", "vgg19"), strict=False))
    return rows.assign(group=rows["lesion_id"]), rows[list(names)].rename(columns=names)


def test_subsets_lists_every_subset_once():
    assert subsets(["a", "b", "c"]) == [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")]


def test_every_subset_has_every_method_and_other_members_are_single():
    rows, probabilities = planted(40, 2.0, 1.5, 0.0)
    found = fit_candidates(rows, probabilities, ensemble("cnn_a", "cnn_b"))
    methods = {("cnn_a", "cnn_b"): set(METHODS), ("cnn_a",): {"single"}, ("cnn_b",): {"single"}, ("vgg19",): {"single"}}
    assert {
        members: {candidate.combiner.method for candidate in found if candidate.combiner.members == members}
        for members in {candidate.combiner.members for candidate in found}
    } == methods
    assert len(found) == len(METHODS) + 3


def test_folds_keep_groups_together_and_leave_both_labels():
    group = np.array(["a", "a", "b", "c", "d", "e", "f"])
    label = np.array([1, 1, 0, 0, 1, 0, 1])
    fold = assign_folds(group, label, 5)
    assert fold[0] == fold[1]
    assert set(fold) == {0, 1, 2}
    for number in set(fold):
        assert set(label[fold != number]) == {0, 1}


def test_with_one_group_of_a_label_there_is_one_fold():
    assert set(assign_folds(np.array(["a", "b", "c"]), np.array([1, 0, 0]), 5)) == {0}
    rows, probabilities = planted(3, 2.0, 1.5)
    assert len(fit_candidates(rows, probabilities, ensemble())) > 0


def test_out_of_fold_probabilities_do_not_depend_on_the_folds_own_images():
    rows, probabilities = planted(30, 1.0, 1.0)
    before = fit_candidates(rows, probabilities, ensemble())
    changed_rows = rows["group"] == rows["group"].iloc[0]
    changed = probabilities.copy()
    changed.loc[changed_rows, "cnn_a"] = 1 - changed.loc[changed_rows, "cnn_a"]
    after = fit_candidates(rows, changed, ensemble())
    fold = assign_folds(rows["group"].to_numpy(dtype=str), rows["label"].to_numpy(), 5)
    same_fold = fold == fold[0]
    for first, second in zip(before, after, strict=True):
        assert (first.out_of_fold[same_fold & ~changed_rows] == second.out_of_fold[same_fold & ~changed_rows]).all()
        if "cnn_a" in first.combiner.members:
            assert (first.out_of_fold[~same_fold] != second.out_of_fold[~same_fold]).any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_out_of_fold_figures_of_a_member_a_mean_and_a_vote_are_a_direct_count(seed):
    """Nothing is fitted in them that changes a ranking or a prediction before calibration."""
    rows, probabilities = planted(60, 1.0, 0.5, 0.0, seed=seed)
    settings, y_true = ensemble("cnn_a", "cnn_b", "vgg19"), rows["label"].to_numpy()
    candidates = fit_candidates(rows, probabilities, settings)
    table = candidate_rows(y_true, candidates).set_index(["members", "method"])
    for (members, method), row in table.iterrows():
        own = probabilities[members.split("+")]
        votes = (own >= settings.threshold).mean(axis=1)
        score = {"single": own.mean(axis=1), "mean": own.mean(axis=1), "vote": votes}.get(method)
        if score is not None:
            assert row["roc_auc"] == pytest.approx(roc_auc_score(y_true, score), abs=1e-12)
            assert row["accuracy"] == ((score >= (0.5 if method == "vote" else settings.threshold)) == y_true).mean()


def test_out_of_fold_scores_are_on_the_scale_of_the_thresholds():
    rows, probabilities = planted(60, 1.0, 0.5)
    for candidate in fit_candidates(rows, probabilities, ensemble("cnn_a", "cnn_b")):
        predicted = candidate.out_of_fold_score >= candidate.calibrated_threshold
        before = candidate.out_of_fold_combined >= candidate.combiner.combined_threshold
        assert (predicted == before).all()
        if candidate.combiner.method in ("single", "mean", "vote"):
            assert candidate.out_of_fold_score == pytest.approx(candidate.probability(probabilities))


def test_val_with_one_label_is_refused():
    rows, probabilities = planted(9, 1.0, 1.0)
    benign = rows["label"] == 0
    with pytest.raises(TableError, match=r"(?s)benign.*split\.val"):
        fit_candidates(rows[benign], probabilities[benign], ensemble())
