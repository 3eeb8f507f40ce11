from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from benchmarks.augmentation_probe import measure, one_sided_zoom, roc_aucs
from dermoscopy.augment.augment import augment_image
from dermoscopy.augment.params import Augment
from dermoscopy.core.params import load
from dermoscopy.ham10000.metadata import METADATA
from dermoscopy.networks import params as networks
from dermoscopy.simulate.dataset import simulate
from dermoscopy.simulate.params import Simulate

pytestmark = pytest.mark.slow

SIZES = [80, 224]
UNRECOGNIZED = 0.55  # largest ROC AUC; 0.5 is chance, and its standard error with 600 images is 0.016


class Images(NamedTuple):
    originals: list[Path]
    lesions: list[str]
    file_size: tuple[int, int]
    flip: float  # probability of a flip in training


@pytest.fixture(scope="module")
def malignant(tmp_path_factory: pytest.TempPathFactory) -> Images:
    """The malignant images of a simulated dataset of 500 lesions, 90 % of them malignant."""
    folder = tmp_path_factory.mktemp("simulated")
    params = load("simulate", Simulate).model_copy(update={"lesions": 500, "malignant": 0.9, "seed": 7})
    simulate(params, folder / "raw", folder / "truth")
    table = pd.read_csv(folder / "raw" / METADATA)
    table = table[table["dx"].isin(["mel", "bcc", "akiec"])]
    files = {path.stem: path for path in folder.rglob("*.jpg")}
    originals = [files[image_id] for image_id in table["image_id"]]
    assert len(originals) >= 600
    return Images(
        originals,
        table["lesion_id"].tolist(),
        (params.width, params.height),
        load("training.augment", networks.Augment).flip,
    )


def augment(images: Images, folder: Path, params: Augment) -> list[Path]:
    paths = [folder / path.with_suffix(".png").name for path in images.originals]
    for original, path in zip(images.originals, paths, strict=True):
        path.write_bytes(augment_image(original, f"{original.stem}_copy1", params, 1))
    return paths


def compare(images: Images, changed: list[Path], size: int, flip: float) -> list[float]:
    """Return the ROC AUC of each classifier of the probe."""
    originals, augmented = (
        measure(paths, images.file_size, size, flip, seed) for seed, paths in enumerate((images.originals, changed))
    )
    return list(roc_aucs(originals, augmented, images.lesions).values())


@pytest.mark.parametrize("size", SIZES)
def test_augmented_images_in_training_are_not_distinguished_from_originals(
    malignant: Images, tmp_path: Path, size: int
) -> None:
    changed = augment(malignant, tmp_path, load("augment", Augment))
    assert max(compare(malignant, changed, size, malignant.flip)) <= UNRECOGNIZED


def test_a_zoom_that_only_enlarges_is_recognized(malignant: Images, tmp_path: Path) -> None:
    changed = [tmp_path / path.name for path in malignant.originals]
    for number, (original, path) in enumerate(zip(malignant.originals, changed, strict=True)):
        path.write_bytes(one_sided_zoom(original, np.random.default_rng([1, number])))
    assert min(compare(malignant, changed, 80, malignant.flip)) > 0.9


def test_changes_of_scale_are_recognized(malignant: Images, tmp_path: Path) -> None:
    changed = augment(malignant, tmp_path, load("augment", Augment).model_copy(update={"scale": 0.05}))
    assert min(compare(malignant, changed, 80, malignant.flip)) > 0.65
