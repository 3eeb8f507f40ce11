import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dermoscopy.explain.choose import choose_images
from dermoscopy.explain.explain import Drawing, draw_activations, draw_examples, draw_wrong, heat_maps
from dermoscopy.explain.params import Explain
from dermoscopy.networks.build import build_member
from dermoscopy.networks.saved import SavedMember
from dermoscopy.networks.target import BINARY
from tests.tiny import small_cnn

SETTINGS = Explain(images=2, layers=2, inception_v3_layers=[], channels=4, wrong=3, map_size=5, localized=4)


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


def saved(seed):
    parameters = small_cnn(
        image_size=16, conv_layers=2, padding="same", pool_size=2, units=4, dropout=0.0, learning_rate=0.001, epochs=1
    )
    return SavedMember(build_member("cnn_a", parameters, seed=seed), parameters, BINARY)


def test_all_figures_are_reproducible_and_complete(tmp_path, images):
    predictions, paths = images
    predicted = predictions.assign(wrong=(predictions["probability"] >= 0.5) != predictions["label"])
    shown = choose_images(predicted, SETTINGS)
    members = {"cnn_a": saved(1), "cnn_b": saved(2)}
    for folder in ("one", "two"):
        drawing = Drawing(paths, tmp_path / "masks", tmp_path / folder)
        heat = {name: heat_maps(member, shown.image_ids, drawing, 5) for name, member in members.items()}
        for name, member in members.items():
            draw_activations(name, member, predictions, shown.examples, SETTINGS, drawing)
        draw_examples(shown, dict.fromkeys(members, predictions), heat, ["cnn_b"], drawing)
        draw_wrong(shown, heat, drawing, "at least 0.5")
    files = [path.name for path in sorted((tmp_path / "one").iterdir())]
    assert files == ["activations_cnn_a.png", "activations_cnn_b.png", "gradcam.png", "wrong.png"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_gallery_of_errors_is_drawn_even_if_there_are_none(tmp_path, images):
    predictions, paths = images
    wrong = predictions.assign(wrong=[False, False, True])
    heat = {"cnn_a": dict.fromkeys(paths, np.ones((2, 2), np.float32))}
    for name, predicted in (("some", wrong), ("none", wrong.assign(wrong=False))):
        drawing = Drawing(paths, tmp_path / "masks", tmp_path / name)
        draw_wrong(choose_images(predicted, SETTINGS), heat, drawing, "at least 0.5")
    with Image.open(tmp_path / "some" / "wrong.png") as some, Image.open(tmp_path / "none" / "wrong.png") as none:
        assert some.size == none.size
        assert np.asarray(some).std() > np.asarray(none).std()
