import numpy as np
import pytest

from dermoscopy.core.metrics import log_losses
from dermoscopy.train.mixing import Mixing, sample_mixing


def sample(mix: str, alpha: float = 1.0, count: int = 10, size: int = 8, epoch: int = 1) -> Mixing:
    return sample_mixing(mix, alpha, count, 4, size, seed=1, epoch=epoch)  # type: ignore[arg-type]


def random_images(count: int, size: int = 8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
def test_each_image_is_the_partner_of_another_one_of_its_batch(mix: str) -> None:
    partners = sample(mix, count=4002).partners
    batch = np.arange(4002) // 4
    assert sorted(partners) == list(range(4002))
    np.testing.assert_array_equal(batch[partners], batch)
    assert (partners != np.arange(4002)).all()


def test_with_balanced_batches_a_partner_is_of_either_label() -> None:
    order = np.arange(400)
    labels = order % 2  # as `epoch_order` alternates them
    same = labels[sample_mixing("mixup", 1.0, 400, 40, 8, seed=1, epoch=1).partners] == labels
    assert same.mean() == pytest.approx(19 / 39, abs=0.08)


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
def test_a_single_image_in_a_batch_stays_as_it_is(mix: str) -> None:
    images, mixing = random_images(1), sample(mix, count=5)
    assert mixing.partners[4] == 4
    np.testing.assert_allclose(mixing.apply(images, np.array([4])), images, atol=1)
    truth = np.array([[0], [1], [0], [0], [1]], np.float32)
    assert mixing.truth_and_weights(truth, None)[0][4] == pytest.approx(1)


def test_mixup_is_the_weighted_mean_of_both_images() -> None:
    images, mixing = random_images(4), sample("mixup")
    positions = np.arange(4, 8)
    own = mixing.proportions[positions][:, None, None, None]
    expected = own * images + (1 - own) * images[mixing.partners[positions] - 4]
    np.testing.assert_allclose(mixing.apply(images, positions), expected, atol=0.51)


def test_mixup_keeps_at_least_half_of_the_image_itself() -> None:
    proportions = sample("mixup", count=1000).proportions
    assert 0.5 <= proportions.min() < 0.51
    assert proportions.max() > 0.99


def test_a_small_alpha_lets_one_image_prevail() -> None:
    assert np.median(sample("mixup", 0.1, 1000).proportions) > 0.99
    assert np.median(sample("mixup", 1.0, 1000).proportions) == pytest.approx(0.75, abs=0.02)


def test_cutmix_takes_a_rectangle_whose_area_is_the_proportion() -> None:
    images, mixing = random_images(4), sample("cutmix", count=4)
    mixed = mixing.apply(images, np.arange(4))
    for number, partner in enumerate(mixing.partners):
        from_partner = (mixed[number] != images[number]).any(axis=2)
        rows, columns = np.flatnonzero(from_partner.any(axis=1)), np.flatnonzero(from_partner.any(axis=0))
        box = np.ix_(rows, columns)
        np.testing.assert_array_equal(mixed[number][box], images[partner][box])
        assert mixing.proportions[number] == pytest.approx(1 - len(rows) * len(columns) / 64, abs=1e-6)


def test_cutmix_proportions_reach_from_nearly_none_to_all() -> None:
    proportions = sample("cutmix", count=1000, size=224).proportions
    assert proportions.min() < 0.1
    assert proportions.max() > 0.99


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_is_that_of_both_images_with_their_proportions_and_weights(mix: str, weighted: bool) -> None:
    random = np.random.default_rng(2)
    labels, predicted = random.integers(0, 2, 10), random.uniform(0.1, 0.9, 10)
    weights = random.uniform(0.5, 2, 10).astype(np.float32) if weighted else None
    mixing = sample(mix)
    truth, mixed_weights = mixing.truth_and_weights(labels[:, None].astype(np.float32), weights)
    of_weight = np.ones(10) if weights is None else weights
    own, other = mixing.proportions, 1 - mixing.proportions
    expected = own * of_weight * log_losses(labels, predicted)
    expected += other * of_weight[mixing.partners] * log_losses(labels[mixing.partners], predicted)
    cross_entropy = -(truth[:, 0] * np.log(predicted) + (1 - truth[:, 0]) * np.log(1 - predicted))
    total = np.ones(10) if mixed_weights is None else mixed_weights
    np.testing.assert_allclose(total * cross_entropy, expected, rtol=1e-5)


def test_images_without_weight_keep_a_finite_truth() -> None:
    """Both images of a pair are of groups that lost all their weight, see `GroupWeights`."""
    mixing = sample("mixup", count=4)
    labels, weights = np.array([[0], [1], [0], [1]], np.float32), np.array([0, 0, 0, 4], np.float32)
    truth, mixed = mixing.truth_and_weights(labels, weights)
    assert mixed is not None
    assert (mixed == 0).sum() == 2
    assert ((truth >= 0) & (truth <= 1)).all()


def test_each_epoch_mixes_differently_and_repeatably() -> None:
    first, again, second = sample("mixup"), sample("mixup"), sample("mixup", epoch=2)
    np.testing.assert_array_equal(first.proportions, again.proportions)
    np.testing.assert_array_equal(first.partners, again.partners)
    assert not np.array_equal(first.proportions, second.proportions)
    assert not np.array_equal(first.partners, second.partners)
