import numpy as np

from dermoscopy.explain.gradcam import ensemble_map
from dermoscopy.explain.heat import OPACITY, overlay


def test_a_map_covers_an_image_where_it_is_high():
    image = np.full((10, 20, 3), 100, np.uint8)
    heat = np.zeros((10, 20), np.float32)
    heat[:, 15:] = 7
    shown = overlay(image, heat)
    np.testing.assert_array_equal(shown[:, :14], 100)  # transparent
    red, green, blue = shown[5, 18]
    assert red > 100 > green >= blue
    assert green >= np.floor((1 - OPACITY) * 100)  # the image shows through


def test_a_map_of_zeros_leaves_the_image():
    image = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    np.testing.assert_array_equal(overlay(image, np.zeros((2, 2), np.float32)), image)


def test_the_ensemble_has_the_mean_of_maps_of_equal_maximum():
    first, second = np.zeros((2, 4, 4), np.float32)
    first[0, 0], second[3, 3] = 10, 0.1
    mean = ensemble_map({"a": first, "b": second}, 4)
    assert mean[0, 0] == mean[3, 3] == 0.5
    assert mean.sum() == 1
    assert ensemble_map({"a": first, "empty": np.zeros((1, 1), np.float32)}, 4).max() == 0.5
