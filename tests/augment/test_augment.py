from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.augment.augment import augment_image, distort, make_augmented
from dermoscopy.augment.params import Augment
from tests import tiny

STILL = {"balance": 1.0, "flip": 0.0, "rotate": 0.0, "scale": 0.0, "crop": 0.0, "translate": 0.0, "quality": 90}
PIXELS = np.random.default_rng(0).integers(1, 256, (12, 16, 3), dtype=np.uint8)


def distorted(seed: int = 0, pixels: np.ndarray = PIXELS, **changes: float) -> np.ndarray:
    image = distort(Image.fromarray(pixels), Augment.model_validate(STILL | changes), np.random.default_rng(seed))
    return np.asarray(image)


def test_zero_parameters_change_nothing() -> None:
    np.testing.assert_array_equal(distorted(), PIXELS)


def test_flips_of_both_axes_and_rotation_by_180_degrees() -> None:
    np.testing.assert_array_equal(distorted(flip=1.0), PIXELS[::-1, ::-1])
    np.testing.assert_array_equal(distorted(rotate=1.0), PIXELS[::-1, ::-1])
    np.testing.assert_array_equal(distorted(flip=1.0, rotate=1.0), PIXELS)


@pytest.mark.parametrize("change", [{"scale": 0.3}, {"crop": 0.3}, {"translate": 0.3}])
def test_each_parameter_changes_pixels_and_keeps_the_size(change: dict[str, float]) -> None:
    augmented = distorted(**change)
    assert augmented.shape == PIXELS.shape
    assert not np.array_equal(augmented, PIXELS)


def test_scale_changes_the_size_of_the_lesion() -> None:
    pixels = np.full((40, 40, 3), 200, dtype=np.uint8)
    pixels[15:25, 15:25] = 0
    areas = [(distorted(seed, pixels, scale=0.5) < 100).all(axis=2).sum() for seed in range(50)]
    assert min(areas) < 50
    assert 180 < max(areas) <= 15 * 15 + 1


def test_a_crop_stays_inside() -> None:
    pixels = np.zeros((40, 40, 3), dtype=np.uint8)
    pixels[0, :] = pixels[-1, :] = pixels[:, 0] = pixels[:, -1] = 255
    for seed in range(20):
        assert (distorted(seed, pixels, crop=0.5) > 200).mean() < 0.2


def test_pixels_beyond_the_edges_are_reflected() -> None:
    bright = np.full((20, 20, 3), 250, dtype=np.uint8)
    for seed in range(20):
        assert distorted(seed, bright, scale=0.5, translate=0.9).min() >= 249


def augmented_files(project: Path) -> dict[str, bytes]:
    made = (project / "data" / "augmented").rglob("*.jpg")
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


def test_augmented_file_is_as_pillow_saves_it(project: Path) -> None:
    rows = tiny.read(project)
    augmented = rows[rows["image_id"] != rows["source"]].iloc[0]
    original = project / "data" / "merged" / "images" / f"{augmented['source']}.jpg"
    with Image.open(original) as image:
        rng = np.random.default_rng([tiny.SEED, *augmented["image_id"].encode()])
        distort(image, tiny.AUGMENT, rng).save(project / "saved.jpg", quality=tiny.AUGMENT.quality)
    content = augment_image(original, augmented["image_id"], tiny.AUGMENT, tiny.SEED)
    assert content == (project / "saved.jpg").read_bytes() == (project / augmented["path"]).read_bytes()


def test_held_out_augmented_image_has_the_same_bytes_in_val_and_test(merged: pd.DataFrame, tmp_path: Path) -> None:
    tiny.split(tmp_path, merged, protocol="paper")
    made = augmented_files(tmp_path)
    in_val = [path for path in made if "/val/" in path]
    assert in_val
    for path in in_val:
        assert made[path] == made[path.replace("/val/", "/test/")]
