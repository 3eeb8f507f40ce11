"""The gates fire: each reason is found, suitable images pass, and the limits are those of the parameters."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from dermoscopy.core.errors import TableError
from dermoscopy.suitability.measures import FEATURES, measure
from dermoscopy.suitability.params import Suitability
from dermoscopy.suitability.suitability import (
    BLANK,
    BLURRED,
    DARK,
    NOISY,
    REASONS,
    SMALL,
    UNLIKE,
    Measured,
    Reference,
    fit_reference,
    measure_files,
    read_reference,
)
from tests.suitability.conftest import make_lesion, measured

SETTINGS = Suitability(min_size=64, extreme=0.01, unlike=0.02)


def from_array(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def random_pixels(height: int = 150, width: int = 200) -> Image.Image:
    return from_array(np.random.default_rng(1).integers(0, 256, (height, width, 3)))


def gradient() -> Image.Image:
    return from_array(np.linspace((60, 30, 20), (255, 215, 205), 150)[:, None] + np.zeros((150, 200, 3)))


def screenshot() -> Image.Image:
    page = np.full((400, 600, 3), 250)
    page[40:360:40, 30:500] = 30
    page[:60] = (40, 90, 160)
    return from_array(page)


def noisy() -> Image.Image:
    return from_array(np.asarray(make_lesion(500)) + np.random.default_rng(2).normal(0, 60, (150, 200, 3)))


REFUSED: dict[str, tuple[Callable[[], Image.Image], list[str]]] = {
    "blank": (lambda: Image.new("RGB", (600, 450), (200, 150, 140)), [BLANK]),
    "white": (lambda: Image.new("RGB", (600, 450), "white"), [BLANK]),
    "black": (lambda: Image.new("RGB", (600, 450)), [DARK]),
    "dark": (lambda: make_lesion(500).point(lambda value: value * 0.25), [DARK]),
    "random pixels": (random_pixels, [NOISY]),
    "noise over a lesion": (noisy, [NOISY]),
    "blurred": (lambda: make_lesion(500).filter(ImageFilter.GaussianBlur(8)), [BLURRED]),
    "enlarged": (lambda: make_lesion(500).resize((20, 15)).resize((600, 450), Image.Resampling.BICUBIC), [BLURRED]),
    "gradient": (gradient, [BLURRED]),
    "small": (lambda: make_lesion(500).resize((84, 63)), [SMALL]),
    "low": (lambda: make_lesion(500).crop((0, 50, 200, 100)), [SMALL]),
    "small and dark": (lambda: make_lesion(500).resize((84, 63)).point(lambda value: value * 0.25), [SMALL, DARK]),
    "screenshot": (screenshot, [UNLIKE]),
    "red and blue exchanged": (lambda: from_array(np.asarray(make_lesion(500))[..., ::-1]), [UNLIKE]),
    "grey": (lambda: make_lesion(500).convert("L").convert("RGB"), [UNLIKE]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_an_image_that_is_not_suitable_has_its_reasons(reference: Reference, kind: str) -> None:
    make, reasons = REFUSED[kind]
    found = reference.find_reasons(make())
    assert [reason for reason in found if reason in reasons] == reasons
    assert set(found) <= set(reasons) | ({BLURRED} if SMALL in reasons else set())


def test_every_reason_is_tested() -> None:
    assert {reason for _, reasons in REFUSED.values() for reason in reasons} == set(REASONS)


def test_new_images_of_the_same_kind_are_suitable(reference: Reference) -> None:
    refused = [number for number in range(200, 300) if reference.find_reasons(make_lesion(number))]
    assert len(refused) <= 10


def test_the_pixels_of_a_suitable_image_may_be_many_or_few(reference: Reference) -> None:
    image = make_lesion(502, 400, 300)
    assert reference.find_reasons(image) == []
    assert reference.find_reasons(image.resize((2000, 1500), Image.Resampling.BICUBIC)) == []
    assert reference.find_reasons(image.resize((160, 120), Image.Resampling.BILINEAR)) == []


def test_the_limits_leave_the_proportions_of_the_parameters(reference: Reference) -> None:
    """floor(0.01 * 179) = 1 image of train and val beyond each limit, floor(0.02 * 59) = 1 of val."""
    train, val = measured(0, 120), measured(120, 180)
    assert (reference.distance(val.features) > reference.limits.distance).sum() == 1
    brightness = np.concatenate([train.features, val.features])[:, FEATURES.index("mean_luma")]
    assert (brightness < reference.limits.brightness).sum() == 1
    assert reference.images == {"train": 120, "val": 60}
    total = {reason: sum(counts[reason] for counts in reference.unsuitable.values()) for reason in REASONS}
    assert (total[SMALL], total[DARK]) == (0, 1)


def test_with_few_images_the_limits_are_their_extremes() -> None:
    few = fit_reference(measured(0, 12), measured(12, 16), SETTINGS)
    assert sum(few.unsuitable["val"].values()) == 0
    assert all(few.unsuitable["train"][reason] == 0 for reason in REASONS if reason != UNLIKE)


def test_smaller_images_of_train_lower_the_smallest_size() -> None:
    train, val = measured(0, 20), measured(20, 30)
    sizes = val.sizes.copy()
    sizes[3] = 40
    assert fit_reference(train, Measured(val.features, sizes), SETTINGS).min_size == 40
    assert fit_reference(train, val, SETTINGS).min_size == 64


def test_the_distance_is_that_of_mahalanobis(reference: Reference) -> None:
    from sklearn.covariance import LedoitWolf

    features = measured(0, 120).features
    fitted = LedoitWolf().fit((features - features.mean(axis=0)) / features.std(axis=0))
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    np.testing.assert_allclose(reference.distance(features), fitted.mahalanobis(scaled) ** 0.5, rtol=1e-3)
    assert reference.distance(features[0]) == pytest.approx(reference.distance(features)[0])


def test_images_that_are_all_alike_can_be_fitted() -> None:
    one = Measured(np.tile(measure(make_lesion(1)), (5, 1)), np.full(5, 150))
    alike = fit_reference(one, one, SETTINGS)
    assert alike.find_reasons(make_lesion(1)) == []
    assert alike.find_reasons(screenshot()) != []


def test_a_reference_that_is_read_again_gives_the_same_reasons(reference: Reference, tmp_path: Path) -> None:
    reference.write(tmp_path / "a.json")
    again = read_reference(tmp_path / "a.json")
    assert again == reference
    again.write(tmp_path / "b.json")
    assert (tmp_path / "b.json").read_bytes() == (tmp_path / "a.json").read_bytes()
    assert [again.find_reasons(make()) for make, _ in REFUSED.values()] == [
        reference.find_reasons(make()) for make, _ in REFUSED.values()
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "[]",
        lambda text: text[:-40],
        lambda text: text.replace("fine_1", "fine_9"),
        lambda text: text.replace('"transform": [', '"transform": [[1.0],'),
        lambda text: text.replace('"min_size": 64', '"min_size": 64, "more": 1'),
        lambda text: text.replace('"brightness": 0', '"brightness": NaN, "b": 0'),
    ],
)
def test_a_damaged_reference_is_refused(reference: Reference, tmp_path: Path, change: Callable[[str], str]) -> None:
    path = tmp_path / "suitability.json"
    reference.write(path)
    path.write_text(change(path.read_text()))
    with pytest.raises(TableError, match=r"suitability\.json is missing or was not written"):
        read_reference(path)


def test_a_missing_reference_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"suitability\.json is missing"):
        read_reference(tmp_path / "suitability.json")


def test_files_are_measured_as_images_in_memory(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        make_lesion(number, 150 + number, 100).save(path)
    found = measure_files(paths)
    np.testing.assert_array_equal(found.features[2], measure(make_lesion(2, 152, 100)))
    assert found.sizes.tolist() == [100, 100, 100]
