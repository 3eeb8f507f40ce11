import numpy as np

from dermoscopy.ensemble.thresholds import Sets, fit_sets


def test_both_labels_or_neither_are_referred():
    overlapping = Sets(malignant_from=0.3, benign_until=0.6)
    assert overlapping.name(np.array([0.1, 0.3, 0.6, 0.7])).tolist() == ["benign", "refer", "refer", "malignant"]
    apart = Sets(malignant_from=0.6, benign_until=0.3)
    assert apart.name(np.array([0.3, 0.4, 0.6])).tolist() == ["benign", "refer", "malignant"]
    assert not apart.possible(np.array([0.4]), 0).any()
    assert not apart.possible(np.array([0.4]), 1).any()


def test_each_label_s_own_lesions_decide():
    benign, malignant = np.linspace(0.01, 0.57, 29), np.linspace(0.4, 0.94, 19)
    label = np.array([0] * 29 + [1] * 19)
    found = fit_sets(label, np.concatenate([benign, malignant]), 0.9)
    assert found.malignant_from == malignant[1]  # (19 + 1) / 10 = the second from below
    assert found.benign_until == benign[-3]  # (29 + 1) / 10 = the third from above


def test_too_few_lesions_and_every_set_holds_their_label():
    found = fit_sets(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.9]), 0.9)
    assert (found.malignant_from, found.benign_until) == (0, 1)
    assert set(found.name(np.array([0.0, 0.5, 1.0]))) == {"refer"}
