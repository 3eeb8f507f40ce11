import numpy as np
import pytest

from dermoscopy.core.errors import TrainingError
from dermoscopy.networks.params import Balance
from dermoscopy.train.sampling import example_weights

LABELS = np.array([0, 0, 1, 0, 0, 0, 0, 1], np.float32)


def test_each_label_has_half_of_the_total_weight() -> None:
    weights = example_weights(LABELS, "class_weights")
    assert weights is not None
    assert weights.dtype == np.float32
    assert weights.shape == LABELS.shape
    assert weights[LABELS == 0].sum() == pytest.approx(4)
    assert weights[LABELS == 1].sum() == pytest.approx(4)
    assert len(np.unique(weights)) == 2


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


def test_balance_by_source_without_sources_is_refused():
    with pytest.raises(TrainingError, match="no column dataset"):
        example_weights(OF_SOURCES, "sources")
