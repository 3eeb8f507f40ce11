from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from dermoscopy.baselines.params import BASELINES
from dermoscopy.core import params as file
from dermoscopy.core.splits import SPLIT, locate
from dermoscopy.core.tables import CURVE, PREDICTIONS
from dermoscopy.core.tables import LATENT_SCORES as LATENT_SCORES

MEMBERS = ("vgg19", "inception_v3", "cnn_a", "cnn_b")


def simulated_images(split: str, lesions: int) -> pd.DataFrame:
    """Return images of lesions; every third lesion is malignant, every fourth has two images."""
    lesion = [number for number in range(lesions) for _ in range(1 + (number % 4 == 0))]
    label = [int(number % 3 == 0) for number in lesion]
    return pd.DataFrame(
        {
            "image_id": [f"ISIC_{split}_{row:03d}" for row in range(len(lesion))],
            "lesion_id": [f"HAM_{split}_{number:03d}" for number in lesion],
            "dx": ["mel" if value else "nv" for value in label],
            "label": label,
        }
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the inputs of ensemble and evaluate, as working directory."""
    generator = np.random.default_rng(0)
    yaml = YAML()
    params = yaml.load(Path(__file__).parents[2] / "params.yaml")
    params["models"] = {name: params["models"][name] for name in MEMBERS}
    params["ensemble"]["members"] = list(MEMBERS)
    yaml.dump(params, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    file.read.cache_clear()
    blank = dict.fromkeys(("dx_type", "sex", "localization", "sha256"), "")
    for split in ("train", "val", "test"):
        rows = simulated_images(split, 40)
        row = rows.assign(split=split, age=np.nan, source=rows["image_id"], group=rows["lesion_id"], **blank)
        if split == "train":  # with an augmented image, which is not predicted
            row = pd.concat([row, row.iloc[[0]].assign(image_id=rows["image_id"][0] + "_copy1")])
        SPLIT.write(row.assign(path=locate(row, split)), Path("data/split", f"{split}.csv"))
        for member in MEMBERS:
            noisy = 0.4 * rows["label"] + 0.6 * generator.random(len(rows))
            PREDICTIONS.write(rows.assign(probability=noisy), Path("data/predictions", split, f"{member}.csv"))
        for name in BASELINES if split != "train" else ():
            PREDICTIONS.write(rows.assign(probability=0.3), Path("data/baselines", split, f"{name}.csv"))
    latent = rows[["image_id", "lesion_id"]].assign(score=rows["label"] + generator.normal(size=len(rows)))
    LATENT_SCORES.write(latent, Path("data/acquired/truth/scores.csv"))
    for member in MEMBERS:
        CURVE.write(epochs(), Path("data/curves", f"{member}.csv"))
    Path("data/audited").write_text("lesion clean\n")
    yield tmp_path
    file.read.cache_clear()


def epochs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "phase": "trained",
            "train_loss": [0.7, 0.6, 0.5],
            "train_accuracy": [0.5, 0.8, 0.9],
            "train_roc_auc": [0.5, 0.85, 0.95],
            "val_loss": [0.7, 0.6, 0.8],
            "val_accuracy": [0.5, 0.75, 0.7],
            "val_roc_auc": [0.5, 0.8, 0.8],
            "chosen": [0, 1, 0],
        }
    )
