from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.data import batches
from dermoscopy.networks.params import Augment, Training
from dermoscopy.networks.views import constant_views, view_image
from dermoscopy.train.augmentation import Augmentations, sample_augmentations
from dermoscopy.train.order import epoch_order
from tests.blocks import TRAINING

ALL = {"flip": 0.5, "quarter_turns": True, "zoom": 0.2, "shift": 0.1, "crop": 0.3, "brightness": 0.1, "contrast": 0.3}
SYMMETRIES: list[Callable[[np.ndarray], np.ndarray]] = [
    lambda image, k=k, mirrored=mirrored: np.rot90(image[:, ::-1] if mirrored else image, k)
    for k in range(4)
    for mirrored in (False, True)
]


def augment(**changes: Any) -> Augment:
    return Augment(**{**dict.fromkeys(ALL, 0.0), "quarter_turns": False, **changes})


def views(**changes: Any) -> list[int] | None:
    return constant_views(Training(**{**TRAINING, "augment": augment(**changes)}))


def random_images(count: int, size: int = 9) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


def apply(parameters: Augment, images: np.ndarray, seed: int = 1) -> np.ndarray:
    augmentations = sample_augmentations(parameters, len(images), seed=seed, epoch=1)
    return augmentations.apply(images, np.arange(len(images)))


def single(**changes: Any) -> Augmentations:
    """Return the augmentation of a single image, which changes nothing but for the given fields."""
    identity = {"views": [0], "scale": [1.0], "shift": np.zeros((1, 2)), "brightness": [0.0], "contrast": [0.0]}
    return Augmentations(**{name: np.asarray(value) for name, value in {**identity, **changes}.items()})


@pytest.mark.parametrize("size", [8, 9, 224])
def test_no_augmentation_changes_nothing(size: int) -> None:
    images = random_images(3, size)
    np.testing.assert_array_equal(apply(augment(), images), images)


@pytest.mark.parametrize("size", [8, 9, 224])
def test_flips_and_quarter_turns_permute_pixels_by_all_eight_symmetries(size: int) -> None:
    images = random_images(60, size)
    changed = apply(augment(flip=0.5, quarter_turns=True), images)
    matching = [
        [number for number, transform in enumerate(SYMMETRIES) if np.array_equal(transform(before), after)]
        for before, after in zip(images, changed, strict=True)
    ]
    assert all(len(numbers) == 1 for numbers in matching)
    assert {numbers[0] for numbers in matching} == set(range(8))


def test_flip_is_the_probability_on_each_axis() -> None:
    images = random_images(400, 3)
    changed = apply(augment(flip=0.25), images)
    flipped = {
        axes: np.mean([np.array_equal(np.flip(a, axes), b) for a, b in zip(images, changed, strict=True)])
        for axes in [(), (0,), (1,), (0, 1)]
    }
    assert sum(flipped.values()) == 1
    assert flipped[0,] + flipped[0, 1] == pytest.approx(0.25, abs=0.07)
    assert flipped[1,] + flipped[0, 1] == pytest.approx(0.25, abs=0.07)


def test_zoom_keeps_the_centre_and_magnifies_the_middle() -> None:
    ramp = np.tile(3 * np.arange(80, dtype=np.uint8)[:, np.newaxis], (1, 80, 1, 3))
    larger = single(scale=[2.0]).apply(ramp, np.array([0]))
    expected = 3 * (20 + np.arange(80) / 2 - 0.25)
    np.testing.assert_allclose(larger[0, :, 2:-2, 0], np.tile(expected, (80, 1))[:, 2:-2], atol=1)


def test_zoom_is_at_most_its_parameter() -> None:
    scales = sample_augmentations(augment(zoom=0.2), 500, seed=1, epoch=1).scale
    assert 0.8 <= scales.min() < 0.81
    assert 1.19 < scales.max() <= 1.2


def test_shift_is_a_fraction_of_the_size_and_mirrors_beyond_the_edge() -> None:
    images = random_images(1, 10)
    moved = single(shift=[[0.2, -0.3]]).apply(images, np.array([0]))
    mirrored = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="symmetric")
    np.testing.assert_array_equal(moved, mirrored[:, 0:10, 5:15])
    shifts = sample_augmentations(augment(shift=0.3), 500, seed=1, epoch=1).shift
    assert shifts.shape == (500, 2)
    assert 0.29 < np.abs(shifts).max() <= 0.3


def test_a_crop_lies_inside_the_image_at_any_place_and_scale() -> None:
    sampled = sample_augmentations(augment(crop=0.4), 2000, seed=1, epoch=1)
    kept = 1 / sampled.scale
    assert 0.6 <= kept.min() < 0.61
    assert 0.99 < kept.max() <= 1
    ends = sampled.shift + np.array([-0.5, 0.5])[:, None, None] * kept[:, None]
    assert (np.abs(ends) <= 0.5 + 1e-9).all()
    for coordinate in sampled.shift.T:  # as often on one side as on the other, and also at the edge
        assert np.mean(coordinate > 0) == pytest.approx(0.5, abs=0.05)
        assert (np.abs(coordinate) / ((1 - kept) / 2)).max() > 0.99


def test_a_crop_enlarges_its_part_of_the_image() -> None:
    image = np.zeros((1, 40, 40, 3), np.uint8)
    image[:, 20:, 20:] = 200
    # The lower right quarter is all that is left.
    cropped = single(scale=[2.0], shift=[[0.25, 0.25]]).apply(image, np.array([0]))
    assert (cropped[:, 2:, 2:] == 200).all()


def test_brightness_is_a_fraction_of_white() -> None:
    images = np.full((1, 4, 4, 3), 100, np.uint8)
    assert (single(brightness=[0.2]).apply(images, np.array([0])) == 151).all()
    assert (single(brightness=[-0.2]).apply(images, np.array([0])) == 49).all()


def test_contrast_keeps_the_mean_of_each_image() -> None:
    images = random_images(1) // 4 + 100
    changed = single(contrast=[0.5]).apply(images, np.array([0]))
    np.testing.assert_allclose(changed, images.mean() + 1.5 * (images - images.mean()), atol=0.5 + 1e-6)


def test_colours_stay_between_black_and_white() -> None:
    changed = single(brightness=[0.1], contrast=[0.9]).apply(random_images(1), np.array([0]))
    assert (changed.min(), changed.max()) == (0, 255)


def test_augmentation_depends_on_the_position_in_the_epoch_and_not_on_the_batch() -> None:
    images = random_images(7)
    augmentations = sample_augmentations(Augment(**ALL), 7, seed=1, epoch=1)
    together = augmentations.apply(images, np.arange(7))
    one_by_one = np.concatenate([augmentations.apply(images[[n]], np.array([n])) for n in range(7)])
    np.testing.assert_array_equal(together, one_by_one)
    assert not np.array_equal(together, augmentations.apply(images, np.arange(7)[::-1]))


@pytest.mark.parametrize("changes", [{"flip": 0.5, "quarter_turns": True}, {"flip": 0.3}, {"quarter_turns": True}, {}])
def test_constant_views_are_those_that_are_sampled(changes: dict[str, Any]) -> None:
    sampled = sample_augmentations(augment(**changes), 500, seed=1, epoch=1)
    assert views(**changes) == np.unique(sampled.views).tolist()
    images = random_images(500, 4)
    seen = np.stack([view_image(image, int(view)) for image, view in zip(images, sampled.views, strict=True)])
    np.testing.assert_array_equal(sampled.apply(images, np.arange(500)), seen)


@pytest.mark.parametrize("name", ["zoom", "shift", "crop", "brightness", "contrast"])
def test_other_changes_are_no_views(name: str) -> None:
    assert views(flip=0.5, **{name: 0.1}) is None


@pytest.mark.parametrize("name", ALL)
def test_a_parameter_does_not_change_the_random_numbers_of_the_others(name: str) -> None:
    without = sample_augmentations(Augment(**{**ALL, name: type(ALL[name])(0)}), 5, seed=1, epoch=1)
    with_all = sample_augmentations(Augment(**ALL), 5, seed=1, epoch=1)
    affected = {"flip": {"views"}, "quarter_turns": {"views"}, "zoom": {"scale"}, "crop": {"scale", "shift"}}
    for field in ("views", "scale", "shift", "brightness", "contrast"):
        unchanged = np.array_equal(getattr(without, field), getattr(with_all, field))
        assert unchanged == (field not in affected.get(name, {name}))


def test_seed_and_epoch_determine_the_batches() -> None:
    images = random_images(9)
    labels = np.array([0, 1, 0, 0, 1, 0, 0, 1, 0], np.float32)

    def pixels(seed: int, epoch: int, augment_seed: int) -> np.ndarray:
        order = epoch_order(labels, "batches", seed=seed, epoch=epoch)
        sampled = sample_augmentations(Augment(**ALL), len(order), seed=augment_seed, epoch=epoch).apply
        return np.concatenate(list(batches([images], 4, order=order, augment=sampled)))

    first = pixels(1, 1, augment_seed=3)
    np.testing.assert_array_equal(first, pixels(1, 1, augment_seed=3))
    for different in (pixels(2, 1, augment_seed=3), pixels(1, 2, augment_seed=3), pixels(1, 1, augment_seed=4)):
        assert not np.array_equal(first, different)
