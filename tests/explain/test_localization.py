"""Grad-CAM beside masks: planted maps have known proportions, and a network that looks at the lesion is recognised."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.core.tables import LOCALIZATION
from dermoscopy.explain.localization import compare, measure_localization, rank_correlation, summary
from dermoscopy.explain.params import Explain
from dermoscopy.networks.build import build_member
from dermoscopy.networks.saved import SavedMember
from dermoscopy.networks.target import BINARY
from tests.tiny import small_cnn

SETTINGS = Explain(images=1, layers=1, inception_v3_layers=[], channels=1, wrong=1, map_size=5, localized=12)


def test_the_proportion_inside_is_the_mean_over_the_images_of_a_lesion():
    inside = np.zeros((4, 8, 8), bool)
    inside[:, :4] = True
    maps = np.zeros((4, 8, 8), np.float32)
    maps[0, :4], maps[1, 4:], maps[2] = 1, 5, 3  # inside, outside, everywhere; the last one is empty
    rows = compare(maps, inside, np.array(["a", "a", "b", "c"]))
    assert rows.to_dict("index") == {"a": {"inside": 0.5, "area": 0.5}, "b": {"inside": 0.5, "area": 0.5}}


def test_the_interval_of_the_difference_is_students():
    rows = pd.DataFrame({"inside": [0.5, 0.6, 0.9], "area": [0.4, 0.4, 0.4]})
    found = summary(rows, 0.95)
    assert found["difference"] == pytest.approx(4 / 15)
    half = 4.302653 * np.std([0.1, 0.2, 0.5], ddof=1) / np.sqrt(3)  # t quantile with 2 degrees of freedom
    assert (found["low"], found["high"]) == pytest.approx((4 / 15 - half, 4 / 15 + half), rel=1e-6)
    assert np.isnan(summary(rows.head(1), 0.95)["low"])


def test_rank_correlation_is_that_of_scipy():
    from scipy.stats import spearmanr

    first, second = np.random.default_rng(1).random((2, 3, 4, 5)).astype(np.float32)
    second[2] = 7  # constant: left out
    expected = np.mean([spearmanr(first[n].ravel(), second[n].ravel()).statistic for n in range(2)])
    assert rank_correlation(first, second) == pytest.approx(expected)
    assert np.isnan(rank_correlation(first, np.zeros_like(first)))


@pytest.fixture
def test_images(tmp_path):
    """Images of a dark square on bright skin, with masks."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(12):
        left, top = rng.integers(2, 20, 2)
        lesion = np.zeros((36, 36), bool)
        lesion[top : top + 12, left : left + 12] = True
        pixels = np.where(lesion[..., None], 40, 220) + rng.integers(-8, 8, (36, 36, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{number}.png")
        Image.fromarray(np.uint8(255) * lesion).save(tmp_path / f"{number}_segmentation.png")
        rows.append({"image_id": str(number), "lesion_id": str(number // 2), "path": str(tmp_path / f"{number}.png")})
    return pd.DataFrame(rows)


def looking_at_dark_pixels():
    """Return a member whose features are how dark the pixels are, and whose probability grows with them."""
    parameters = small_cnn(image_size=36, conv_layers=1, filters=2, kernel_size=1, pool_size=2, pooling="average")
    model = build_member("m", parameters, seed=1)
    weights = {layer.name: layer for layer in model.layers}
    weights["conv_1"].set_weights([-np.ones((1, 1, 3, 2), np.float32), np.full(2, 2.0, np.float32)])
    for name in ("dense_1", "malignant"):
        kernel, bias = weights[name].get_weights()
        weights[name].set_weights([np.full_like(kernel, 0.01), np.zeros_like(bias)])
    return SavedMember(model, parameters, BINARY)


def test_a_network_that_looks_at_the_lesion_is_told_from_random_ones(test_images, tmp_path):
    rows = measure_localization("m", looking_at_dark_pixels(), test_images, tmp_path, SETTINGS, 0.95)
    table = pd.DataFrame(rows, columns=list(LOCALIZATION.columns)).set_index("weights")
    assert list(table["images"]) == [12, 12]
    assert list(table["lesions"]) == [6, 6]
    trained, random = table.loc["trained"], table.loc["random"]
    assert trained["area"] == pytest.approx(144 / 36**2, rel=0.05)
    assert trained["inside"] > 0.9
    assert trained["low"] > 0.7
    assert random["networks"] == 5
    assert random["inside"] < 0.5


def test_without_masks_there_are_no_rows(test_images, tmp_path):
    assert measure_localization("m", looking_at_dark_pixels(), test_images, tmp_path / "no", SETTINGS, 0.95) == []
