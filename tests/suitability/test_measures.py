import numpy as np
import pytest
from PIL import Image, ImageFilter

from dermoscopy.suitability.measures import FEATURES, SIZE, SIZE_FLOOR, SQUARE_FLOOR, measure, qualities
from tests.suitability.conftest import make_lesion


def features(pixels: np.ndarray) -> dict[str, float]:
    return dict(zip(FEATURES, measure(Image.fromarray(pixels.astype(np.uint8))), strict=True))


def stripes(width: int) -> np.ndarray:
    """Return black and white columns of this width, in an image that is not resized."""
    columns = np.repeat(np.tile([0, 255], SIZE), width)[:SIZE]
    return np.tile(columns[None, :, None], (SIZE, 1, 3))


def test_an_image_of_one_colour_has_its_mean_and_no_differences() -> None:
    found = features(np.full((450, 600, 3), (200, 100, 50)))
    luma = (0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255
    assert found["mean_luma"] == pytest.approx(luma, abs=1e-4)
    assert found["mean_red"] == pytest.approx(200 / 255 - luma, abs=1e-4)
    assert found["mean_blue"] == pytest.approx(50 / 255 - luma, abs=1e-4)
    others = {name: value for name, value in found.items() if not name.startswith("mean")}
    assert set(np.round(list(others.values()), 4)) == set(
        np.round(np.log([SQUARE_FLOOR, SIZE_FLOOR / SQUARE_FLOOR**0.5]), 4)
    )


def test_differences_of_stripes_are_those_computed_by_hand() -> None:
    """In columns one pixel wide all horizontal neighbours differ by 1, pixels at the distance 2 are equal."""
    found = features(stripes(1))
    assert found["fine_1"] == pytest.approx(np.log(0.5), abs=1e-4)  # vertical neighbours are equal
    assert found["fine_2"] == found["fine_4"] == pytest.approx(np.log(SQUARE_FLOOR), abs=1e-4)
    assert found["evenness_1"] == pytest.approx(np.log(0.5**0.5), abs=1e-4)
    found = features(stripes(8))  # two pixels of the coarse square, one pixel of 8 next to an edge
    assert found["fine_1"] == pytest.approx(np.log(15 / 127 / 2), abs=1e-4)
    assert found["coarse_1_luma"] == pytest.approx(np.log(15 / 31 / 2), abs=1e-4)
    assert found["coarse_2_luma"] == pytest.approx(np.log(0.5), abs=1e-4)
    assert found["coarse_1_red"] == pytest.approx(np.log(SQUARE_FLOOR), abs=0.01)


def test_a_turned_image_has_the_same_features() -> None:
    square = make_lesion(1).crop((0, 0, 140, 140))
    np.testing.assert_allclose(measure(square.transpose(Image.Transpose.ROTATE_90)), measure(square), atol=0.05)


@pytest.mark.parametrize("size", [(224, 224), (600, 450), (2400, 1800)])
def test_the_number_of_pixels_hardly_changes_the_measures(size: tuple[int, int]) -> None:
    image = make_lesion(2, 300, 225)
    difference = measure(image.resize(size, Image.Resampling.BICUBIC)) - measure(image)
    assert np.abs(difference).max() < 0.3  # of a logarithm; blur and noise change it by more than 1


def test_blur_lowers_sharpness_and_noise_raises_noise() -> None:
    image = make_lesion(3)
    noise = np.random.default_rng(3).normal(0, 30, (150, 200, 3))
    noisy = Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))
    plain, blurred, noisy_ = (
        qualities(measure(one)) for one in (image, image.filter(ImageFilter.GaussianBlur(3)), noisy)
    )
    assert blurred.sharpness < plain.sharpness - 0.5
    assert noisy_.noise > plain.noise + 0.5
    assert noisy_.brightness == pytest.approx(plain.brightness, abs=0.02)


def test_a_few_hard_edges_are_no_noise() -> None:
    text = np.full((SIZE, SIZE, 3), 255)
    text[::16, 10:100] = 0
    noise = np.random.default_rng(4).integers(0, 256, (SIZE, SIZE, 3))
    edges, dots = (qualities(measure(Image.fromarray(pixels.astype(np.uint8)))) for pixels in (text, noise))
    assert edges.noise < dots.noise - 1


def test_contrast_is_relative_to_the_brightness() -> None:
    image = make_lesion(5)
    plain, dark = (qualities(measure(one)) for one in (image, image.point(lambda value: value * 0.5)))
    assert dark.brightness == pytest.approx(plain.brightness / 2, abs=0.01)
    assert dark.contrast == pytest.approx(plain.contrast, abs=0.1)


def test_qualities_of_several_images_are_those_of_each() -> None:
    several = np.stack([measure(make_lesion(number)) for number in range(3)])
    for field, values in qualities(several)._asdict().items():
        np.testing.assert_allclose(values, [getattr(qualities(one), field) for one in several])
