from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermoscopy.baselines.baselines import colour_quantiles, extract_features, pixels


def test_colour_quantiles_do_not_depend_on_position():
    image = np.zeros((2, 2, 3), np.uint8)
    image[..., 0] = [[0, 51], [102, 255]]
    image[..., 2] = 255
    features = colour_quantiles(3)(image)
    assert features.reshape(3, 3)[:, 0] == pytest.approx([0.15, 0.3, 0.55])
    assert features.reshape(3, 3)[:, 1].tolist() == [0, 0, 0]
    assert features.reshape(3, 3)[:, 2].tolist() == [1, 1, 1]
    assert colour_quantiles(3)(image[::-1, ::-1]) == pytest.approx(features)


def test_features_are_in_the_order_of_the_images(tmp_path: Path):
    paths = []
    for shade in range(0, 250, 10):
        paths.append(tmp_path / f"{shade}.png")
        Image.fromarray(np.full((30, 40, 3), shade, np.uint8)).save(paths[-1])
    features = extract_features(paths, 2, pixels)
    assert features.shape == (25, 12)
    assert (features == np.arange(0, 250, 10)[:, None] / 255).all()
