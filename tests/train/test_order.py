from itertools import pairwise

import numpy as np
import pytest

from dermoscopy.networks.params import Balance
from dermoscopy.train.order import epoch_order


def labels(benign: int, malignant: int) -> np.ndarray:
    """Return shuffled labels with the given numbers of benign and malignant images."""
    return np.random.default_rng(1).permutation(np.repeat([0, 1], [benign, malignant])).astype(np.float32)


@pytest.mark.parametrize("balance", ["none", "class_weights"])
def test_each_image_occurs_once(balance: Balance) -> None:
    order = epoch_order(labels(7, 3), balance, seed=1, epoch=2)
    assert sorted(order) == list(range(10))
    np.testing.assert_array_equal(order, epoch_order(labels(3, 7), balance, seed=1, epoch=2))


@pytest.mark.parametrize(("benign", "malignant"), [(17, 5), (5, 17), (6, 6), (4, 1)])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 8])
def test_balanced_batches_are_half_benign_and_half_malignant(benign: int, malignant: int, batch_size: int) -> None:
    truth = labels(benign, malignant)
    ordered = truth[epoch_order(truth, "batches", seed=1, epoch=1)]
    batches = np.split(ordered, range(batch_size, len(ordered), batch_size))
    extra = [2 * int(batch.sum()) - len(batch) for batch in batches]
    if batch_size % 2 == 0:
        assert set(extra) == {0}
    else:
        assert set(map(abs, extra[:-1])) == {1}
        assert all(current == -following for current, following in pairwise(extra[:-1]))


def test_balanced_batches_take_the_commoner_label_once_and_repeat_the_rarer_one() -> None:
    truth = labels(17, 5)
    order = epoch_order(truth, "batches", seed=1, epoch=1)
    assert len(order) == 34
    assert sorted(order[truth[order] == 0]) == sorted(np.flatnonzero(truth == 0))
    malignant = order[truth[order] == 1]
    rounds = [malignant[start : start + 5].tolist() for start in (0, 5, 10)]
    assert all(sorted(repetition) == sorted(rounds[0]) for repetition in rounds)
    assert len(set(map(tuple, rounds))) == 3


@pytest.mark.parametrize("balance", ["none", "batches"])
def test_seed_and_epoch_determine_the_order(balance: Balance) -> None:
    truth = labels(12, 8)
    first = epoch_order(truth, balance, seed=1, epoch=1)
    assert first.dtype == np.int64
    np.testing.assert_array_equal(first, epoch_order(truth, balance, seed=1, epoch=1))
    assert not np.array_equal(first, epoch_order(truth, balance, seed=1, epoch=2))
    assert not np.array_equal(first, epoch_order(truth, balance, seed=2, epoch=1))
