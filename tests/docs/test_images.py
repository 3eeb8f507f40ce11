"""The images of README: made from files in git, never from an image of a patient."""

import importlib.util
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

specification = importlib.util.spec_from_file_location("images", Path(__file__).parents[2] / "docs" / "images.py")
images = importlib.util.module_from_spec(specification)
specification.loader.exec_module(images)

CURVES = pd.DataFrame({"name": ["cnn_a"] * 3 + ["ensemble"] * 2, "fpr": [0, 0.2, 1, 0, 1], "tpr": [0, 0.9, 1, 0, 1]})
SCORES = pd.DataFrame(
    {
        "name": ["cnn_a", "ensemble", "prevalence"],
        "kind": ["member", "ensemble", "baseline"],
        "value": [0.85, 0.5, 0.5],
        "low": [0.8, 0.4, None],
        "high": [0.9, 0.6, None],
    }
)


def write(data: Path, source: str, scored: list[str]) -> None:
    """Write a dataset of a red image of a melanoma and a blue one of a vascular lesion, with latent scores."""
    folder = data / "acquired" / "dataset" / "HAM10000_images_part_1"
    folder.mkdir(parents=True)
    (data / "acquired" / "truth").mkdir()
    (data / "source.json").write_text(json.dumps({"source": source}))
    rows = ["lesion_id,image_id,dx,dx_type,age,sex,localization"]
    for image_id, dx, colour in (("ISIC_1", "mel", "red"), ("ISIC_2", "vasc", "blue")):
        Image.new("RGB", (40, 30), colour).save(folder / f"{image_id}.jpg")
        rows.append(f"HAM_{image_id},{image_id},{dx},histo,,,")
    (data / "acquired" / "dataset" / "HAM10000_metadata.csv").write_text("\n".join(rows) + "\n")
    scores = ["image_id,lesion_id,score", *(f"{image_id},HAM_{image_id},0.5" for image_id in scored)]
    (data / "acquired" / "truth" / "scores.csv").write_text("\n".join(scores) + "\n")


def test_simulated_lesions_are_in_the_row_of_their_diagnosis(tmp_path: Path):
    write(tmp_path, "simulated", ["ISIC_1", "ISIC_2"])
    sheet = images.lesions(tmp_path)
    left = images.MARGIN + images.WIDTH // 2
    red, _, blue = sheet.getpixel((left, images.GAP + images.HEIGHT // 2))
    assert red > 240 > 20 > blue
    red, _, blue = sheet.getpixel((left, sheet.height - images.GAP - images.HEIGHT // 2))
    assert blue > 240 > 20 > red


@pytest.mark.parametrize(
    ("source", "scored"),
    [("directory", ["ISIC_1", "ISIC_2"]), ("simulated", []), ("simulated", ["ISIC_1"])],
    ids=["another source", "no image has a score", "one image without a score"],
)
def test_images_that_were_not_simulated_are_refused(tmp_path: Path, source: str, scored: list[str]):
    write(tmp_path, source, scored)
    with pytest.raises(SystemExit, match="not the simulated dataset"):
        images.lesions(tmp_path)


def test_charts_have_the_same_bytes_again_and_show_the_protocol():
    files = []
    for _ in range(2):
        for figure in (images.roc(CURVES, SCORES, "image leaky"), images.roc_auc(SCORES, "image leaky")):
            assert "image leaky" in figure.axes[0].get_title()
            file = io.BytesIO()
            figure.savefig(file, metadata={"Software": None})
            files.append(file.getvalue())
    assert files[:2] == files[2:]
    labels = [text.get_text() for text in images.roc(CURVES, SCORES, "").axes[0].get_legend().get_texts()]
    assert labels == ["cnn_a (0.850)", "ensemble (0.500)"]


def test_a_missing_dataset_is_refused(tmp_path: Path):
    with pytest.raises(SystemExit, match="dvc repro acquire"):
        images.lesions(tmp_path)
