import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.explain.explain import draw_activations, draw_wrong
from dermoscopy.explain.params import Explain
from tests.tiny import small_cnn

SETTINGS = Explain(images=2, layers=2, channels=4, wrong=3)


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(1)
    predictions = pd.DataFrame(
        {
            "image_id": ["ISIC_0", "ISIC_1", "ISIC_2"],
            "lesion_id": ["HAM_0", "HAM_1", "HAM_2"],
            "dx": ["nv", "mel", "mel"],
            "label": [0, 1, 1],
            "probability": [0.2, 0.8, 0.1],
        }
    )
    paths = {}
    for image_id in predictions["image_id"]:
        paths[image_id] = tmp_path / f"{image_id}.jpg"
        Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(paths[image_id])
    return predictions, paths


def test_activation_maps_of_a_saved_member_are_reproducible(tmp_path, images):
    pytest.importorskip("keras")
    from dermoscopy.networks.build import build_member
    from dermoscopy.networks.saved import save_member
    from dermoscopy.networks.target import BINARY

    parameters = small_cnn(
        image_size=16, conv_layers=2, padding="same", pool_size=2, units=4, dropout=0.0, learning_rate=0.001, epochs=1
    )
    save_member("cnn_a", parameters, BINARY, build_member("cnn_a", parameters, seed=1), tmp_path / "cnn_a")
    predictions, paths = images
    predicted = predictions.assign(wrong=(predictions["probability"] >= 0.5) != predictions["label"])
    for folder in ("one", "two"):
        draw_activations(
            "cnn_a", tmp_path / "cnn_a", predictions, predicted, paths, tmp_path / "masks", SETTINGS, tmp_path / folder
        )
    figures = [(tmp_path / folder / "activations_cnn_a.png").read_bytes() for folder in ("one", "two")]
    assert figures[0] == figures[1]


def test_the_gallery_of_errors_is_drawn_even_if_there_are_none(tmp_path, images):
    predictions, paths = images
    wrong = predictions.assign(wrong=[False, False, True])
    for name, predicted in (("some", wrong), ("none", wrong.assign(wrong=False))):
        draw_wrong(predicted, paths, SETTINGS.wrong, tmp_path / name, "at least 0.5")
    with Image.open(tmp_path / "some" / "wrong.png") as some, Image.open(tmp_path / "none" / "wrong.png") as none:
        assert some.size == none.size
        assert np.asarray(some).std() > np.asarray(none).std()
