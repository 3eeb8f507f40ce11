from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dermoscopy.networks.data import batches
from dermoscopy.networks.params import Augment
from dermoscopy.train.sampling import Augmentations, epoch_order, sample_augmentations

EVERYTHING = {"flip": 0.5, "quarter_turns": True, "zoom": 0.2, "shift": 0.1, "brightness": 0.1, "contrast": 0.3}
WAYS: list[Callable[[np.ndarray], np.ndarray]] = [
    lambda image, k=k, mirrored=mirrored: np.rot90(image[:, ::-1] if mirrored else image, k)
    for k in range(4)
    for mirrored in (False, True)
]


def some(**changes: Any) -> Augment:
    return Augment(**{**dict.fromkeys(EVERYTHING, 0.0), "quarter_turns": False, **changes})


def some_images(count: int, side: int = 9) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 3)).astype(np.float32)


def apply(augment: Augment, images: np.ndarray, seed: int = 1) -> np.ndarray:
    augmentations = sample_augmentations(augment, len(images), seed=seed, epoch=1)
    return np.asarray(augmentations.apply(images, np.arange(len(images))))


def one(**changes: Any) -> Augmentations:
    """A single image's, but for what is given, of doing nothing."""
    nothing = {"linear": np.eye(2)[np.newaxis], "shift": np.zeros((1, 2)), "brightness": [0], "contrast": [0]}
    return Augmentations(**{name: np.asarray(value, np.float32) for name, value in {**nothing, **changes}.items()})


@pytest.mark.parametrize("side", [8, 9, 224])
def test_nothing_asked_for_changes_nothing(side: int) -> None:
    images = some_images(3, side)
    np.testing.assert_array_equal(apply(some(), images), images)


@pytest.mark.parametrize("side", [8, 9, 224])
def test_flips_and_quarter_turns_move_every_colour_and_change_none(side: int) -> None:
    images = some_images(60, side)
    changed = apply(some(flip=0.5, quarter_turns=True), images)
    seen = [
        [way for way, turn in enumerate(WAYS) if np.array_equal(turn(before), after)]
        for before, after in zip(images, changed, strict=True)
    ]
    assert all(len(ways) == 1 for ways in seen)
    assert {ways[0] for ways in seen} == set(range(8))


def test_a_flip_has_its_chance_on_either_axis() -> None:
    images = some_images(400, 3)
    changed = apply(some(flip=0.25), images)
    flipped = {
        axes: np.mean([np.array_equal(np.flip(a, axes), b) for a, b in zip(images, changed, strict=True)])
        for axes in [(), (0,), (1,), (0, 1)]
    }
    assert sum(flipped.values()) == 1
    assert flipped[0,] + flipped[0, 1] == pytest.approx(0.25, abs=0.07)
    assert flipped[1,] + flipped[0, 1] == pytest.approx(0.25, abs=0.07)


def test_zoom_keeps_the_centre_and_takes_the_middle() -> None:
    ramp = np.tile(np.arange(9, dtype=np.float32)[:, np.newaxis], (1, 9, 1, 3))
    larger = np.asarray(one(linear=[np.eye(2) / 2]).apply(ramp, [0]))
    np.testing.assert_allclose(larger[0, :, :, 0], np.tile(4 + (np.arange(9) - 4) / 2, (9, 1)))


def test_zoom_stays_within_its_bound() -> None:
    scales = sample_augmentations(some(zoom=0.2), 500, seed=1, epoch=1).linear[:, 0, 0]
    assert 1 / 1.2 <= scales.min() < 0.86
    assert 1.19 < scales.max() <= 1 / 0.8


def test_a_shift_is_a_share_of_the_side_and_mirrors_what_it_lacks() -> None:
    images = some_images(1, 10)
    moved = np.asarray(one(shift=[[0.2, -0.3]]).apply(images, [0]))
    mirrored = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="symmetric")
    np.testing.assert_allclose(moved, mirrored[:, 0:10, 5:15], atol=1e-3)
    shifts = sample_augmentations(some(shift=0.3), 500, seed=1, epoch=1).shift
    assert shifts.shape == (500, 2)
    assert 0.29 < np.abs(shifts).max() <= 0.3


def test_brightness_is_a_share_of_white() -> None:
    images = np.full((1, 4, 4, 3), 100, np.float32)
    np.testing.assert_allclose(one(brightness=[0.2]).apply(images, [0]), 151)
    np.testing.assert_allclose(one(brightness=[-0.2]).apply(images, [0]), 49)


def test_contrast_leaves_the_mean_of_each_photograph() -> None:
    images = some_images(1) / 4 + 100
    np.testing.assert_allclose(
        one(contrast=[0.5]).apply(images, [0]), images.mean() + 1.5 * (images - images.mean()), rtol=1e-5
    )


def test_colours_stay_between_black_and_white() -> None:
    images = some_images(1)
    changed = np.asarray(one(brightness=[0.1], contrast=[0.9]).apply(images, [0]))
    assert (changed.min(), changed.max()) == (0, 255)


def test_each_photograph_gets_what_its_place_says_whatever_its_batch() -> None:
    images = some_images(7)
    augmentations = sample_augmentations(Augment(**EVERYTHING), 7, seed=1, epoch=1)
    together = np.asarray(augmentations.apply(images, np.arange(7)))
    alone = np.concatenate([augmentations.apply(images[[place]], [place]) for place in range(7)])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert not np.allclose(together, np.asarray(augmentations.apply(images, np.arange(7)[::-1])))


@pytest.mark.parametrize("name", EVERYTHING)
def test_a_parameter_leaves_the_draws_of_the_others(name: str) -> None:
    without = sample_augmentations(Augment(**{**EVERYTHING, name: type(EVERYTHING[name])(0)}), 5, seed=1, epoch=1)
    every = sample_augmentations(Augment(**EVERYTHING), 5, seed=1, epoch=1)
    own = {"flip": "linear", "quarter_turns": "linear", "zoom": "linear"}.get(name, name)
    for field in ("linear", "shift", "brightness", "contrast"):
        assert np.array_equal(getattr(without, field), getattr(every, field)) == (field != own)


def test_equal_seeds_and_epochs_give_equal_batches_and_others_do_not() -> None:
    images = some_images(9).astype(np.uint8)
    labels = np.array([0, 1, 0, 0, 1, 0, 0, 1, 0], np.float32)

    def pixels(seed: int, epoch: int, drawn: int) -> np.ndarray:
        order = epoch_order(labels, "batches", seed=seed, epoch=epoch)
        augment = sample_augmentations(Augment(**EVERYTHING), len(order), seed=drawn, epoch=epoch).apply
        return np.concatenate(list(batches([images], 4, order=order, augment=augment)))

    first = pixels(1, 1, drawn=3)
    np.testing.assert_array_equal(first, pixels(1, 1, drawn=3))
    for other in (pixels(2, 1, drawn=3), pixels(1, 2, drawn=3), pixels(1, 1, drawn=4)):
        assert not np.array_equal(first, other)
