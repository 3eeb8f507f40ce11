"""A finished run with the tables that the evaluation of other images needs, and labelled folders."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from dermoscopy.core.files import sha256
from dermoscopy.core.splits import LABELS, SPLIT
from tests import finished_run
from tests.finished_run import stage

EVALUATE = {
    "confidence": 0.95,
    "resamples": 40,
    "seed": 1,
    "point": "balanced",
    "prevalences": [0.05],
    "bins": 5,
    "thresholds": 9,
}


def write_run(folder: Path) -> None:
    """Write a finished run with images of train and the tables of the splits."""
    finished_run.write_run(folder)
    stages = finished_run.lock(folder) | {
        "merge": stage(merge={"near_duplicates": 32}),
        "split": stage(policy={"malignant": "mel+bcc+akiec"}),
        "evaluate": stage(evaluate=EVALUATE),
    }
    (folder / "dvc.lock").write_text(yaml.safe_dump({"stages": stages}))
    (folder / "data/source.json").write_text('{"source": "simulated"}')
    shutil.copyfile("params.yaml", folder / "params.yaml")
    for number in range(12):
        write_image(folder / f"data/split/train/{LABELS[number % 2]}/train_{number:03}.jpg", number)
    for split in ("train", "val", "test"):
        paths = sorted((folder / "data/split" / split).rglob("*.jpg"))
        rows = [_row(path, split) for path in paths]
        SPLIT.write(pd.DataFrame(rows), folder / f"data/split/{split}.csv")


def _row(path: Path, split: str) -> dict[str, object]:
    label = LABELS.index(path.parent.name)
    return {
        **dict.fromkeys(("image_id", "source"), path.stem),
        **dict.fromkeys(("lesion_id", "group"), f"lesion_{path.stem}"),
        "dx": "mel" if label else "nv",
        **dict.fromkeys(("dx_type", "sex", "localization"), "unknown"),
        "age": np.nan,
        "label": label,
        "split": split,
        "path": f"data/split/{split}/{path.parent.name}/{path.name}",
        "sha256": sha256(path),
    }


def write_image(path: Path, seed: int, size: tuple[int, int] = (96, 72)) -> Path:
    """Write an image of smooth random shapes, which keeps its perceptual hash if it is saved again or scaled."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(1000 + seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path, quality=95)
    return path


def write_folder(folder: Path, labels: Sequence[str], columns: Mapping[str, Sequence[object]] | None = None) -> Path:
    """Write images new_00.jpg, new_01.jpg and so on, and labels.csv with the columns image and label.

    Args:
        folder: The folder; it is created.
        labels: Label of each image.
        columns: Further columns.
    """
    names = [write_image(folder / f"new_{number:02}.jpg", 100 + number).name for number in range(len(labels))]
    pd.DataFrame({"image": names, "label": labels, **(columns or {})}).to_csv(folder / "labels.csv", index=False)
    return folder
