"""A finished run of two tiny members, one of which predicts the diagnoses, up to the stage ensemble."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from dermoscopy.acquire.params import Limits
from dermoscopy.bundle.write import Settings, write_bundle
from dermoscopy.core.files import write_json, write_text
from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import DIAGNOSES, PREDICTIONS
from dermoscopy.ensemble.fit import fit_ensemble
from dermoscopy.networks.build import build_small_cnn
from dermoscopy.networks.params import Runtime
from dermoscopy.networks.runtime import configure
from dermoscopy.networks.saved import load_member, save_member
from dermoscopy.networks.target import BINARY, Target
from dermoscopy.predict.params import Predict
from dermoscopy.predict.predict import predict_split
from dermoscopy.suitability import suitability
from dermoscopy.suitability.params import Suitability
from dermoscopy.suitability.suitability import REFERENCE, fit_reference, measure_files
from dermoscopy.use.sources import dvc_md5
from tests import blocks
from tests.ensemble.settings import ensemble
from tests.tiny import small_cnn

DX = Target({dx: int(dx in ("akiec", "bcc", "mel")) for dx in DIAGNOSES})
TARGETS = {"cnn_a": BINARY, "cnn_b": DX}
PREDICT = {"batch_size": 8, "turns_and_flips": True}
RUNTIME = blocks.RUNTIME | {"eager": True}
COUNTS = {"val": 30, "test": 12}
# Every image of the tests is suitable.
LENIENT = suitability.Limits(brightness=-1.0, contrast=-1e3, sharpness=-1e3, noise=1e3, distance=1e6)
LIMITS = {"pixels": 1_000_000, "unpacked": 1.0}
SETTINGS = Settings(
    predict=Predict(**PREDICT),
    runtime=Runtime(**RUNTIME),
    limits=Limits(**LIMITS),
    point="balanced",
    map_size=4,
    malignant=["mel", "bcc", "akiec"],
    seed=1,
    split_seed=2,
)


def stage(**params: Any) -> dict[str, Any]:
    return {"params": {"params.yaml": params}}


def lock(folder: Path) -> dict[str, Any]:
    """Return the content of dvc.lock, as far as it is read.

    Args:
        folder: Folder of the run, whose files are hashed.
    """
    paths = [
        "data/audited",
        "data/ensemble",
        "data/bundle",
        REFERENCE.as_posix(),
        *(f"data/models/{member}" for member in TARGETS),
    ]
    outs = [{"path": path, "md5": dvc_md5(folder / path)} for path in paths if (folder / path).exists()]
    return {
        "bundle": {"outs": outs},
        "acquire": stage(**{"data.limits": LIMITS}),
        "predict": stage(predict=PREDICT, runtime=RUNTIME),
        "evaluate": stage(evaluate={"point": "balanced"}),
        "explain": stage(explain={"map_size": 4}),
        "suitability": {},
    }


def write_run(folder: Path) -> None:
    """Write images and their predictions in val and test, the members and the ensemble, and dvc.lock."""
    rng = np.random.default_rng(5)
    configure(Runtime(**RUNTIME))
    splits = {split: _images(folder, split, rng) for split in COUNTS}
    for number, (member, target) in enumerate(TARGETS.items()):
        size = 16 + 8 * number
        parameters = small_cnn(image_size=size, padding="same", pooling="average", pool_size=2)
        model = build_small_cnn(member, parameters, seed=number + 1, classes=len(target.classes))
        save_member(member, parameters, target, model, folder / "data/models" / member)
        saved = load_member(folder / "data/models" / member)
        for split, rows in splits.items():
            predicted = predict_split(saved, rows, Predict(**PREDICT), Runtime(**RUNTIME))
            PREDICTIONS.write(predicted, folder / "data/predictions" / split / f"{member}.csv")
    val = splits["val"]
    fit_ensemble(val, members(folder, "val"), pd.DataFrame(index=val.index), ensemble()).write(folder / "data/ensemble")
    measured = measure_files([Path(path) for path in val["path"]])
    reference = fit_reference(measured, measured, Suitability(min_size=1, extreme=0.0, unlike=0.0))
    reference.model_copy(update={"limits": LENIENT}).write(folder / REFERENCE)
    (folder / "data/audited").write_text("lesion clean\n")
    (folder / "dvc.lock").write_text(yaml.safe_dump({"stages": lock(folder)}))


def write_bundle_of_run(folder: Path) -> Path:
    """Write what the stages check, evaluate and report write, then data/bundle, its entry in dvc.lock; return it."""
    for path, content in {
        "data/source.json": {"source": "simulated", "weights": {}},
        "data/environment.json": {"keras": "3.15.1"},
        "metrics/test.json": {"protocol": "lesion", "roc_auc": 0.875, "sensitivity": 0.5, "specificity": None},
    }.items():
        write_json(folder / path, content)
    write_text(folder / "data/report/model_card.md", "# Model card: test\n\nNot a medical device.\n")
    write_bundle(folder, SETTINGS, folder / "data/bundle")
    (folder / "dvc.lock").write_text(yaml.safe_dump({"stages": lock(folder)}))
    return folder / "data/bundle"


def members(folder: Path, split: str) -> pd.DataFrame:
    """Return the stored probabilities, images by members, sorted by image_id."""
    tables = {name: PREDICTIONS.read(folder / "data/predictions" / split / f"{name}.csv") for name in TARGETS}
    return pd.DataFrame({name: table["probability"] for name, table in tables.items()})


def _images(folder: Path, split: str, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for number in range(COUNTS[split]):
        label = number % 3 == 0
        image_id = f"{split}_{number:03}"
        path = folder / "data/split" / split / LABELS[label] / f"{image_id}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.normal(90 if label else 150, 40, (24, 32, 3)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path)
        rows.append((image_id, image_id, image_id, "mel" if label else "nv", int(label), str(path)))
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "group", "dx", "label", "path"])
