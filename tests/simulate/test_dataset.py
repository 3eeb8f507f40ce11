"""Files of a simulated dataset of 24 lesions."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from dermoscopy.core.tables import LATENT_SCORES
from dermoscopy.simulate import dataset
from dermoscopy.simulate.dataset import simulate
from dermoscopy.simulate.metadata import DIAGNOSES


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def written(simulation, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    simulate(simulation(), folder / "raw", folder / "truth")
    return folder


@pytest.fixture(scope="module")
def metadata(written) -> pd.DataFrame:
    return pd.read_csv(written / "raw/HAM10000_metadata.csv")


def test_layout_is_that_of_ham10000(written, metadata):
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "dataset"]
    assert list(metadata.columns) == columns
    parts = [sorted((written / "raw" / f"HAM10000_images_part_{part}").iterdir()) for part in (1, 2)]
    names = [path.name for part in parts for path in part]
    assert names == sorted(f"{name}.jpg" for name in metadata["image_id"])
    assert abs(len(parts[0]) - len(parts[1])) <= 1
    assert {path.name for path in (written / "raw").iterdir()} == {
        "HAM10000_images_part_1", "HAM10000_images_part_2", "HAM10000_metadata.csv",
    }  # fmt: skip
    assert metadata["lesion_id"].nunique() == 24
    assert len(metadata) > 24


def test_each_image_has_a_mask_of_its_size(written, metadata):
    for path in (written / "raw").rglob("*.jpg"):
        with Image.open(path) as image, Image.open(written / f"truth/masks/{path.stem}_segmentation.png") as mask:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (64, 48))
            assert (mask.mode, mask.size) == ("L", (64, 48))
            inside = np.asarray(mask)
        assert set(np.unique(inside)) == {0, 255}
        assert 0.02 < (inside == 255).mean() < 0.8
    assert len(list((written / "truth/masks").iterdir())) == len(metadata)


def test_lesions_differ_from_the_skin_around_them(written):
    darker = []
    for path in (written / "raw").rglob("*.jpg"):
        grey = np.asarray(Image.open(path).convert("L"), float)
        inside = np.asarray(Image.open(written / f"truth/masks/{path.stem}_segmentation.png")) > 0
        darker.append(np.median(grey[~inside]) - np.median(grey[inside]))
    assert np.mean(np.array(darker) > 5) > 0.9


def test_scores_and_their_roc_auc(written, metadata):
    scores = LATENT_SCORES.read(written / "truth/scores.csv")
    assert list(scores["image_id"]) == sorted(metadata["image_id"])
    assert len(scores[["lesion_id", "score"]].drop_duplicates()) == 24
    labelled = scores.merge(metadata, on=["image_id", "lesion_id"])
    malignant = labelled["dx"].map(lambda dx: DIAGNOSES[dx].malignant)
    ceiling = json.loads((written / "truth/ceiling.json").read_text())
    assert ceiling == {"roc_auc": pytest.approx(roc_auc_score(malignant, labelled["score"]))}


def test_images_of_a_lesion_differ(written, metadata):
    folders = {path.stem: path for path in (written / "raw").rglob("*.jpg")}
    images = [name for _, names in metadata.groupby("lesion_id")["image_id"] for name in names if len(names) > 1]
    assert len({folders[name].read_bytes() for name in images}) == len(images) > 1


def test_same_seed_same_bytes(written, simulation, tmp_path):
    simulate(simulation(), tmp_path / "raw", tmp_path / "truth")
    assert hashes(tmp_path) == hashes(written)


def test_other_seed_other_bytes(written, simulation, tmp_path):
    simulate(simulation(seed=2), tmp_path / "raw", tmp_path / "truth")
    images = {digest for name, digest in hashes(written).items() if name.endswith(".jpg")}
    assert images.isdisjoint(hashes(tmp_path).values())


def test_number_of_processes_changes_no_byte(written, simulation, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "MIN_LESIONS_FOR_PROCESSES", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    simulate(simulation(), tmp_path / "raw", tmp_path / "truth")
    assert hashes(tmp_path) == hashes(written)


def test_simulation_without_other_processes(written, simulation, tmp_path, monkeypatch, caplog):
    def refuse(*_: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(dataset, "MIN_LESIONS_FOR_PROCESSES", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(dataset, "ProcessPoolExecutor", refuse)
    simulate(simulation(), tmp_path / "raw", tmp_path / "truth")
    assert "no more processes" in caplog.text
    assert hashes(tmp_path) == hashes(written)
