import numpy as np
import pytest

from dermoscopy.core.metrics import log_losses
from dermoscopy.train.mixing import Mixing, sample_mixing


def sample(mix: str, alpha: float = 1.0, count: int = 10, size: int = 8, epoch: int = 1) -> Mixing:
    return sample_mixing(mix, alpha, count, 4, size, seed=1, epoch=epoch)  # type: ignore[arg-type]


def random_images(count: int, size: int = 8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
def test_the_partner_is_the_next_image_of_the_batch(mix: str) -> None:
    assert sample(mix).partners.tolist() == [1, 2, 3, 0, 5, 6, 7, 4, 9, 8]


def test_mixup_is_the_weighted_mean_of_both_images() -> None:
    images, mixing = random_images(4), sample("mixup")
    positions = np.arange(4, 8)
    own = mixing.proportions[positions][:, None, None, None]
    expected = own * images + (1 - own) * images[[1, 2, 3, 0]]
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


def test_each_epoch_mixes_differently_and_repeatably() -> None:
    first, again, second = sample("mixup"), sample("mixup"), sample("mixup", epoch=2)
    np.testing.assert_array_equal(first.proportions, again.proportions)
    assert not np.array_equal(first.proportions, second.proportions)
