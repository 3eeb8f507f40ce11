"""The center loss, and why the paper's diverged."""

from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.build import build_member
from dermoscopy.train.center_loss import CENTRE_MOMENTUM, CenterLoss, with_features
from tests.tiny import small_cnn

ONE_HOT = np.eye(2, dtype=np.float32)


def batch(seed: int, count: int = 32, width: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Return one-hot labels, and features that are far from the origin and larger for the second class."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    features = random.normal(20 + 10 * labels[:, None], 5, (count, width)).astype(np.float32)
    return ONE_HOT[labels], features


def value(loss: CenterLoss, truth: np.ndarray, features: np.ndarray) -> np.ndarray:
    return np.asarray(loss(truth, features))


def test_the_first_centres_are_the_means_of_unit_vectors() -> None:
    truth, features = batch(1)
    loss = CenterLoss(0.5, 1, 2, 8)
    losses = value(loss, truth, features)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    centres = np.stack([unit[truth[:, k] == 1].mean(axis=0) for k in (0, 1)])
    np.testing.assert_allclose(loss.variables[0].numpy(), centres, atol=1e-5)
    np.testing.assert_allclose(losses, 0.5 * np.square(unit - centres[truth.argmax(axis=1)]).sum(axis=1), atol=1e-5)


def test_centres_move_slowly_and_only_with_images_of_their_class() -> None:
    loss = CenterLoss(1.0, 1, 2, 2)
    value(loss, ONE_HOT, np.array([[1, 0], [0, 1]], np.float32))
    value(loss, ONE_HOT[[0, 0]], np.array([[0, 1], [0, 1]], np.float32))
    expected = [[CENTRE_MOMENTUM, 1 - CENTRE_MOMENTUM], [0, 1]]
    np.testing.assert_allclose(loss.variables[0].numpy(), expected, atol=1e-6)


def test_the_weight_rises_during_the_warm_up() -> None:
    truth, features = batch(1)
    loss = CenterLoss(1.0, 4, 2, 8)
    means = [value(loss, truth, features).mean() for _ in range(6)]
    np.testing.assert_allclose(np.array(means) / means[-1], [0.25, 0.5, 0.75, 1, 1, 1], rtol=1e-4)


def test_mixed_labels_are_drawn_to_both_centres() -> None:
    loss = CenterLoss(1.0, 1, 2, 2)
    value(loss, ONE_HOT, np.array([[1, 0], [0, 1]], np.float32))
    half = np.full((1, 2), 0.5, np.float32)
    between = np.array([[1, 1]], np.float32)
    unit = np.full(2, np.sqrt(0.5))
    moved = CENTRE_MOMENTUM * np.eye(2) + (1 - CENTRE_MOMENTUM) * unit
    assert value(loss, half, between)[0] == pytest.approx(np.square(unit - moved).sum() / 2, abs=1e-5)


def summed_centres(rate: float, count: int, steps: int = 300) -> np.ndarray:
    """Return the largest coordinate of two centres after each step of Wen's rule without its division by the count.

    Features stay as they are, so that nothing but the rule can diverge.
    """
    truth, features = batch(1, count)
    centres, largest = np.zeros((2, features.shape[1]), np.float32), []
    for _ in range(steps):
        with np.errstate(over="ignore", invalid="ignore"):
            differences = centres[truth.argmax(axis=1)] - features
            centres = centres - np.float32(rate) * truth.T @ differences
            largest.append(np.abs(centres).max())
    return np.array(largest)


def test_centres_that_add_all_differences_of_a_batch_diverge_geometrically() -> None:
    """The paper reports "large values" that reach "infinity quickly", and gives no formula.

    Wen et al. divide the sum of differences by one more than the number of images of the class. Without it, a step
    multiplies the error of a centre by 1 - rate * images: beyond 2 / rate images of a class, it grows at each step.
    """
    rate, count = 0.5, 32
    largest = summed_centres(rate, count)
    images = batch(1, count)[0].sum(axis=0).max()
    np.testing.assert_allclose(largest[11:20] / largest[10:19], rate * images - 1, rtol=0.1)
    assert not np.isfinite(largest[-1])


def test_the_same_rule_converges_with_few_images_per_class() -> None:
    assert np.isfinite(summed_centres(0.5, 4)).all()


def test_this_center_loss_is_finite_on_the_features_on_which_the_other_diverges() -> None:
    loss = CenterLoss(1.0, 10, 2, 8)
    values = [value(loss, *batch(1)).max() for _ in range(300)]
    assert np.isfinite(values).all()
    assert max(values) <= 4  # squared distance between points of the unit ball


@pytest.mark.parametrize("changes", [{}, {"dense_layers": 0}])
def test_features_are_what_the_output_layer_sees_without_dropout(changes: dict[str, Any]) -> None:
    model = build_member("m", small_cnn(image_size=16, pool_size=2, padding="same", dropout=0.5, **changes), seed=1)
    images = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3)).astype(np.float32)
    joint, width = with_features(model)
    both = joint.predict_on_batch(images)
    assert both.shape == (3, 1 + width)
    output = model.get_layer("malignant")
    logits = both[:, 1:] @ output.kernel.numpy() + output.bias.numpy()
    np.testing.assert_allclose(both[:, :1], 1 / (1 + np.exp(-logits)), atol=1e-6)
