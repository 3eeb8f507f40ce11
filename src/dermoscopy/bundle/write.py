"""Write a bundle: the weights of the ensemble's members and all that is needed to use them."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dermoscopy.acquire.params import Limits
from dermoscopy.bundle.card import REPOSITORY_LICENSE, TEMPLATES, render_card, render_licences
from dermoscopy.bundle.contents import (
    SUITABILITY,
    WEIGHTS,
    Calibrated,
    Combination,
    Contents,
    MemberContents,
)
from dermoscopy.bundle.manifest import write_sums
from dermoscopy.core.files import new_folder, write_text
from dermoscopy.core.protocol import read_audited_protocol
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.ensemble.fit import SETS, read_ensemble
from dermoscopy.ensemble.thresholds import read_thresholds
from dermoscopy.evaluate.params import Point
from dermoscopy.networks import saved
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.params import Runtime, SmallCNN, Transfer
from dermoscopy.predict.params import Predict
from dermoscopy.report.dataset import describe
from dermoscopy.suitability.suitability import REFERENCE


@dataclass(frozen=True)
class Settings:
    """Parameters of the run that a bundle has.

    Attributes:
        predict: Block `predict`.
        runtime: Block `runtime`.
        limits: Block `data.limits`.
        point: `evaluate.point`.
        map_size: `explain.map_size`.
        malignant: Malignant diagnoses.
        seed: Seed of the training.
        split_seed: Seed of the split.
    """

    predict: Predict
    runtime: Runtime
    limits: Limits
    point: Point
    map_size: int
    malignant: list[str]
    seed: int
    split_seed: int


def write_bundle(root: Path, settings: Settings, folder: Path) -> None:
    """Write the bundle of a run. Equal runs give equal bytes.

    Args:
        root: Top folder of the project.
        settings: Parameters of the run.
        folder: Folder of the bundle; it is replaced.

    Raises:
        TableError: A file of the run is missing or not valid.
        UserError: A member is missing.
    """
    data = root / "data"
    contents = _contents(root, settings)
    metrics = _read_json(root / "metrics" / "test.json")
    dataset = describe(contents.run.source)
    new_folder(folder)
    for name in contents.members:
        target = folder / WEIGHTS.format(name=name)
        target.parent.mkdir(parents=True)
        shutil.copyfile(data / "models" / name / saved.WEIGHTS, target)
    contents.write(folder)
    shutil.copyfile(root / REFERENCE, folder / SUITABILITY)
    card = (data / "report" / "model_card.md").read_text(encoding="utf-8")
    write_text(folder / "README.md", render_card(dataset, contents, metrics, card))
    write_text(folder / "LICENCES.md", render_licences(dataset, contents))
    shutil.copyfile(TEMPLATES / REPOSITORY_LICENSE, folder / REPOSITORY_LICENSE)
    write_sums(folder)


def _contents(root: Path, settings: Settings) -> Contents:
    data = root / "data"
    combiner, calibration = read_ensemble(data / "ensemble")
    (fitted,) = SETS.read(data / "ensemble" / "sets.csv").to_dict("records")
    source = _read_json(data / "source.json")
    return Contents.model_validate(
        {
            "members": {name: _member(data / "models" / name) for name in combiner.members},
            "combination": Combination(**asdict(combiner)),
            "calibration": Calibrated(**asdict(calibration)),
            "thresholds": read_thresholds(data / "ensemble" / "points.csv")[ENSEMBLE],
            "point": settings.point,
            "conformal_sets": fitted,
            "predict": settings.predict,
            "runtime": settings.runtime,
            "limits": settings.limits,
            "map_size": settings.map_size,
            "run": {
                "dataset": describe(source).title,
                "source": source,
                "versions": _read_json(data / "environment.json"),
                "protocol": read_audited_protocol(data / "audited"),
                "malignant": settings.malignant,
                "seed": settings.seed,
                "split_seed": settings.split_seed,
            },
        }
    )


def _member(folder: Path) -> MemberContents:
    _, parameters, target = saved.read_card(folder)
    return MemberContents.model_validate(
        {"parameters": parameters, "classes": dict(target.classes), "normalization": _normalization(parameters)}
    )


def _normalization(parameters: Transfer | SmallCNN) -> str:
    """Return the normalization of a network, see `networks.layers.normalize`."""
    if isinstance(parameters, SmallCNN):
        return "unit"
    if parameters.normalization == "backbone":
        return BACKBONES[parameters.backbone].normalization
    return parameters.normalization


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
