import numpy as np
import pytest

from dermoscopy.core.errors import TrainingError
from dermoscopy.networks.params import Balance
from dermoscopy.train.weights import GroupWeights, example_weights

LABELS = np.array([0, 0, 1, 0, 0, 0, 0, 1], np.float32)


def test_each_label_has_half_of_the_total_weight() -> None:
    weights = example_weights(LABELS, "class_weights")
    assert weights is not None
    assert weights.dtype == np.float32
    assert weights.shape == LABELS.shape
    assert weights[LABELS == 0].sum() == pytest.approx(4)
    assert weights[LABELS == 1].sum() == pytest.approx(4)
    assert len(np.unique(weights)) == 2


def test_each_class_that_occurs_has_the_same_total_weight() -> None:
    """With the target dx, classes are diagnoses: here mel, bcc and nv; no image is of another one."""
    classes = np.array([5, 5, 4, 5, 5, 5, 5, 1])
    weights = example_weights(LABELS, "class_weights", classes=classes)
    assert weights is not None
    assert [weights[classes == number].sum() for number in (1, 4, 5)] == pytest.approx([8 / 3] * 3)


@pytest.mark.parametrize("balance", ["none", "batches"])
def test_other_balancing_gives_no_sample_weights(balance: Balance) -> None:
    assert example_weights(LABELS, balance) is None


SOURCES = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
OF_SOURCES = np.array([1, 0, 0, 0, 1, 1, 0, 0, 0], np.float32)


def test_within_each_source_both_labels_have_the_same_weight():
    weights = example_weights(OF_SOURCES, "sources", SOURCES)
    for source in (0, 1):
        inside = source == SOURCES
        by_label = [weights[inside & (label == OF_SOURCES)].sum() for label in (0, 1)]
        assert by_label == pytest.approx([inside.sum() / 2] * 2)
    assert weights[SOURCES == 2].tolist() == [1, 1]  # a source with one label


def test_one_source_has_class_weights():
    one = np.zeros(len(OF_SOURCES), int)
    expected = example_weights(OF_SOURCES, "class_weights")
    assert example_weights(OF_SOURCES, "sources", one).tolist() == expected.tolist()


@pytest.mark.parametrize("balance", ["groups", "group_dro"])
def test_each_group_has_the_same_weight(balance: Balance) -> None:
    weights = example_weights(OF_SOURCES, balance, SOURCES)
    groups = [(source == SOURCES) & (label == OF_SOURCES) for source in range(3) for label in (0, 1)]
    assert [weights[group].sum() for group in groups if group.any()] == pytest.approx([9 / 5] * 5)
    assert weights.mean() == pytest.approx(1)


def test_the_group_with_the_larger_loss_gets_more_weight() -> None:
    groups = GroupWeights(OF_SOURCES, SOURCES)
    probabilities = np.where(OF_SOURCES == 1, 0.9, 0.1)
    probabilities[SOURCES == 2] = 0.8  # wrong: these are benign
    groups.update(probabilities, step=0.5)
    ratio = np.exp(0.5 * (np.log(0.9) - np.log(0.2)))
    assert groups.weights == pytest.approx(np.array([1, 1, 1, 1, ratio]) / (4 + ratio))
    groups.update(probabilities, step=0.5)
    assert groups.weights == pytest.approx(np.array([1, 1, 1, 1, ratio**2]) / (4 + ratio**2))
    assert groups.of_images().mean() == pytest.approx(1)


def test_a_group_that_lost_all_weight_gets_it_back() -> None:
    groups = GroupWeights(OF_SOURCES, SOURCES)
    wrong = np.where(SOURCES == 0, 1 - OF_SOURCES, OF_SOURCES).astype(float)
    wrong_elsewhere = np.where(SOURCES == 0, OF_SOURCES, 1 - OF_SOURCES).astype(float)
    groups.update(wrong, step=100.0)
    of_source = SOURCES == 0
    assert groups.of_images()[~of_source].max() == 0
    for _ in range(2):
        groups.update(wrong_elsewhere, step=100.0)
    assert np.isfinite(groups.of_images()).all()
    assert groups.of_images()[of_source].max() == 0


@pytest.mark.parametrize("balance", ["sources", "groups", "group_dro"])
def test_balance_by_source_without_sources_is_refused(balance: Balance) -> None:
    with pytest.raises(TrainingError, match=f"balance {balance} .*no column dataset"):
        example_weights(OF_SOURCES, balance)
