import numpy as np

from dermoscopy.ensemble.thresholds import ConformalSets, fit_conformal_sets


def test_sets_of_both_labels_or_of_none_are_referred():
    overlapping = ConformalSets(malignant_from=0.3, benign_until=0.6)
    assert overlapping.decide(np.array([0.1, 0.3, 0.6, 0.7])).tolist() == ["benign", "refer", "refer", "malignant"]
    apart = ConformalSets(malignant_from=0.6, benign_until=0.3)
    assert apart.decide(np.array([0.3, 0.4, 0.6])).tolist() == ["benign", "refer", "malignant"]
    assert not apart.contains(np.array([0.4]), 0).any()
    assert not apart.contains(np.array([0.4]), 1).any()


def test_each_label_has_its_own_quantile():
    benign, malignant = np.linspace(0.01, 0.57, 29), np.linspace(0.4, 0.94, 19)
    y_true = np.array([0] * 29 + [1] * 19)
    found = fit_conformal_sets(y_true, np.concatenate([benign, malignant]), 0.9)
    assert found.malignant_from == malignant[1]  # (19 + 1) / 10 = the second from below
    assert found.benign_until == benign[-3]  # (29 + 1) / 10 = the third from above


def test_with_too_few_lesions_every_set_contains_their_label():
    found = fit_conformal_sets(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.9]), 0.9)
    assert (found.malignant_from, found.benign_until) == (0, 1)
    assert set(found.decide(np.array([0.0, 0.5, 1.0]))) == {"refer"}
