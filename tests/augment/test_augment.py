from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.augment.augment import FLIPS, augment_image, flip, make_augmented, move_window, order_of_flips
from dermoscopy.augment.params import Augment
from dermoscopy.core.images import read_image
from dermoscopy.core.params import load
from dermoscopy.networks import params as networks
from tests import tiny

FLIPS_ONLY = Augment(balance=1.0, scale=0.0, crop=0.0, translate=0.0)
PIXELS = np.random.default_rng(0).integers(1, 256, (12, 16, 3), dtype=np.uint8)


def moved(seed: int = 0, pixels: np.ndarray = PIXELS, **changes: float) -> np.ndarray:
    params = FLIPS_ONLY.model_copy(update=changes)
    return np.asarray(move_window(Image.fromarray(pixels), params, np.random.default_rng(seed)))


def test_zero_parameters_change_nothing() -> None:
    np.testing.assert_array_equal(moved(), PIXELS)


def test_flips_of_either_axis_and_of_both() -> None:
    horizontal, vertical, both = (np.asarray(flip(Image.fromarray(PIXELS), each)) for each in FLIPS)
    np.testing.assert_array_equal(horizontal, PIXELS[:, ::-1])
    np.testing.assert_array_equal(vertical, PIXELS[::-1])
    np.testing.assert_array_equal(both, PIXELS[::-1, ::-1])


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "ISIC_1.jpg"
    Image.effect_noise((300, 225), 60).convert("RGB").save(path, quality=92)
    return path


def saved(folder: Path, original: Path, numbers: Iterable[int], params: Augment = FLIPS_ONLY) -> list[Path]:
    paths = [folder / f"{original.stem}_copy{number}.png" for number in numbers]
    for path in paths:
        path.write_bytes(augment_image(original, path.stem, params, tiny.SEED))
    return paths


def decoded(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_the_first_augmented_images_are_three_flips_without_loss(original: Path, tmp_path: Path) -> None:
    pixels = decoded(original)
    expected = {flipped.tobytes() for flipped in (pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1])}
    assert {decoded(path).tobytes() for path in saved(tmp_path, original, (1, 2, 3))} == expected


def test_further_augmented_images_repeat_all_four_orientations_in_turn(original: Path, tmp_path: Path) -> None:
    images = [decoded(path).tobytes() for path in saved(tmp_path, original, range(1, 9))]
    assert images[3] == decoded(original).tobytes()
    assert images[4:] == images[:4]


def test_the_order_of_flips_differs_between_originals_and_each_flip_comes_first_equally_often() -> None:
    first = pd.Series([order_of_flips(f"ISIC_{number}", 1)[0] for number in range(600)]).value_counts()
    assert set(first.index) == set(FLIPS)
    assert first.min() > 150


@pytest.mark.parametrize("size", [32, 80, 224])
def test_training_sees_the_same_images_of_originals_and_augmented_images(
    original: Path, tmp_path: Path, size: int
) -> None:
    """Flips during training leave nothing that marks an augmented image, at the sizes that networks read."""
    orientations = [read_image(original, size)[::up, ::left].astype(int) for up in (1, -1) for left in (1, -1)]
    for path in saved(tmp_path, original, (1, 2, 3)):
        seen = read_image(path, size).astype(int)
        assert min(np.abs(seen - orientation).max() for orientation in orientations) <= 1  # rounded


def test_the_committed_parameters_leave_no_mark_on_augmented_images() -> None:
    assert load("augment", Augment).model_dump() == FLIPS_ONLY.model_dump()
    training = load("training.augment", networks.Augment)
    assert training.flip == 0.5


@pytest.mark.parametrize("change", [{"scale": 0.3}, {"crop": 0.3}, {"translate": 0.3}])
def test_each_parameter_moves_the_window(change: dict[str, float]) -> None:
    assert any(not np.array_equal(moved(seed, **change), PIXELS) for seed in range(5))


def test_translation_keeps_the_size_and_interpolates_nothing() -> None:
    shifted = moved(translate=0.3)
    assert shifted.shape == PIXELS.shape
    assert {tuple(pixel) for pixel in shifted.reshape(-1, 3)} <= {tuple(pixel) for pixel in PIXELS.reshape(-1, 3)}


@pytest.mark.parametrize("changes", [{"scale": 0.15}, {"crop": 0.3}, {"scale": 0.15, "crop": 0.1, "translate": 0.1}])
def test_a_window_is_on_average_as_large_as_the_image(changes: dict[str, float]) -> None:
    pixels = np.zeros((225, 300, 3), np.uint8)
    heights, widths, _ = np.mean([moved(seed, pixels, **changes).shape for seed in range(600)], axis=0)
    assert heights / 225 == pytest.approx(1, abs=0.015)
    assert widths / 300 == pytest.approx(1, abs=0.015)


def test_pixels_beyond_the_edges_are_reflected() -> None:
    bright = np.full((20, 20, 3), 250, dtype=np.uint8)
    for seed in range(20):
        assert (moved(seed, bright, scale=0.5, translate=0.9) == 250).all()


def augmented_files(project: Path) -> dict[str, bytes]:
    made = (project / "data" / "augmented").rglob("*.png")
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in made}


@pytest.mark.parametrize("protocol", ["lesion", "image", "paper"])
def test_exactly_the_planned_images_are_made(merged: pd.DataFrame, tmp_path: Path, protocol: str) -> None:
    tiny.split(tmp_path, merged, protocol=protocol)
    rows = tiny.read(tmp_path)
    planned = rows[rows["image_id"] != rows["source"]]
    assert sorted(augmented_files(tmp_path)) == sorted(planned["path"])
    splits = {"train", "val", "test"} if protocol == "paper" else {"train"}
    assert set(planned["split"]) == splits


def test_augmented_image_depends_on_seed_and_id_only(project: Path) -> None:
    rows, before = tiny.read(project), augmented_files(project)
    images = project / "data" / "merged" / "images"
    planned = rows[rows["image_id"] != rows["source"]]
    make_augmented(planned.iloc[[-1]], images, tiny.AUGMENT, tiny.SEED, project)
    assert augmented_files(project) == before
    make_augmented(rows, images, tiny.AUGMENT, 2, project)
    assert augmented_files(project) != before
    assert len(set(augmented_files(project).values())) == len(before)


@pytest.mark.parametrize("name", ["ISIC_1_copy", "other", "ISIC_1_copyx", "other_copy2"])
def test_an_image_with_another_id_is_made_too_so_that_the_audit_can_report_it(original: Path, name: str) -> None:
    assert augment_image(original, name, FLIPS_ONLY, tiny.SEED)


def test_held_out_augmented_image_has_the_same_bytes_in_val_and_test(merged: pd.DataFrame, tmp_path: Path) -> None:
    tiny.split(tmp_path, merged, protocol="paper")
    made = augmented_files(tmp_path)
    in_val = [path for path in made if "/val/" in path]
    assert in_val
    for path in in_val:
        assert made[path] == made[path.replace("/val/", "/test/")]
