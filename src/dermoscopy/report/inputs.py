"""All that the report is made of: what the stages before it left."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dermoscopy.audit.summary import BY_LABEL, DIAGNOSIS_COUNTS
from dermoscopy.core.errors import TableError
from dermoscopy.core.members import member_names
from dermoscopy.core.splits import read_protocol_title
from dermoscopy.core.tables import PREDICTIONS
from dermoscopy.ensemble.combiners import Choice, read_choice
from dermoscopy.ensemble.fit import CANDIDATES, POINTS, WEIGHTS
from dermoscopy.evaluate.tables import CURVES, ENSEMBLE_SIZES, ROC, ROC_AUC, TABLES


@dataclass(frozen=True)
class Sources:
    """The outs of other stages that the report reads.

    Attributes:
        protocol: How the splits were drawn, with its warning where they leak.
        simulated: Whether the images are the embedded dataset's.
        versions: Of the software that numbers depend on.
        audit: metrics/audit.json.
        data: metrics/data.json.
        val: metrics/val.json, the ensemble on the validation split.
        test: metrics/test.json, the headline.
        training: Member to metrics/train/<member>.json, in the order of params.yaml.
        splits: Images and lesions of each split, label and diagnosis.
        by_label: Ages, sexes and sites of each label.
        roc: Corners of the ROC curves.
        curves: Accuracy, loss and ROC AUC by epoch.
        roc_auc: Each classifier's ROC AUC with its interval.
        ensemble_sizes: The ensemble with every added member.
        judged: What the test split says, by the names of `tables.evaluation.TABLES`.
        choice: What the ensemble is.
        candidates: Every subset of the members in every way, on val.
        weights: What each member counts for in each of them.
        points: The operating points.
        predictions: The ensemble's, of the test split.
        explain: Folder of `explain`'s images.
        sheets: Folder of contact sheets, one a diagnosis, and one of duplicates if there are any.
    """

    protocol: str
    simulated: bool
    versions: dict[str, str]
    audit: dict[str, Any]
    data: dict[str, Any]
    val: dict[str, Any]
    test: dict[str, Any]
    training: dict[str, dict[str, Any]]
    splits: pd.DataFrame
    by_label: pd.DataFrame
    roc: pd.DataFrame
    curves: pd.DataFrame
    roc_auc: pd.DataFrame
    ensemble_sizes: pd.DataFrame
    judged: dict[str, pd.DataFrame]
    choice: Choice
    candidates: pd.DataFrame
    weights: pd.DataFrame
    points: pd.DataFrame
    predictions: pd.DataFrame
    explain: Path
    sheets: Path

    @property
    def leaky(self) -> bool:
        """Whether splits share lesions."""
        return "leaky" in self.protocol


def read_sources(root: Path = Path()) -> Sources:
    """Read what the report is made of.

    Args:
        root: The project's top folder.

    Raises:
        TableError: A file is missing or is not what its stage writes.
    """
    data, metrics, plots = root / "data", root / "metrics", root / "plots"
    return Sources(
        protocol=read_protocol_title(data / "audited"),
        simulated=_read_json(data / "source.json").get("source") == "simulated",
        versions=_read_json(data / "environment.json"),
        audit=_read_json(metrics / "audit.json"),
        data=_read_json(metrics / "data.json"),
        val=_read_json(metrics / "val.json"),
        test=_read_json(metrics / "test.json"),
        training={member: _read_json(metrics / "train" / f"{member}.json") for member in member_names()},
        splits=DIAGNOSIS_COUNTS.read(plots / "diagnoses.csv"),
        by_label=BY_LABEL.read(plots / "by_label.csv"),
        roc=ROC.read(plots / "roc.csv"),
        curves=CURVES.read(plots / "curves.csv"),
        roc_auc=ROC_AUC.read(plots / "roc_auc.csv"),
        ensemble_sizes=ENSEMBLE_SIZES.read(plots / "ensemble_sizes.csv"),
        judged={name: table.read(data / "evaluation" / f"{name}.csv") for name, table in TABLES.items()},
        choice=read_choice(data / "ensemble" / "ensemble.json"),
        candidates=CANDIDATES.read(data / "ensemble" / "candidates.csv"),
        weights=WEIGHTS.read(data / "ensemble" / "weights.csv"),
        points=POINTS.read(data / "ensemble" / "points.csv"),
        predictions=PREDICTIONS.read(data / "evaluation" / "predictions.csv"),
        explain=data / "explain",
        sheets=data / "sheets",
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise TableError(f"{path} is not here: run `dvc repro`.") from None
    except ValueError as error:
        raise TableError(f"{path} is not JSON: {error}. Run `dvc repro`.") from None
    if not isinstance(content, dict):
        raise TableError(f"{path} must hold one JSON object; received a {type(content).__name__}. Run `dvc repro`.")
    return content
