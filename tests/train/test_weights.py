import numpy as np
import pytest

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
