"""Read the outputs of the other stages that the report shows."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dermoscopy.audit.charts import BY_LABEL, DIAGNOSIS_COUNTS
from dermoscopy.augment.params import Augment
from dermoscopy.core.errors import TableError
from dermoscopy.core.protocol import is_leaky, protocol_title, read_audited_protocol
from dermoscopy.core.tables import LOCALIZATION, PREDICTIONS
from dermoscopy.ensemble.combiners import Choice, read_choice
from dermoscopy.ensemble.fit import CANDIDATES, WEIGHTS
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.ensemble.thresholds import POINTS
from dermoscopy.ensemble.training import BEST_EPOCH, CURVES
from dermoscopy.evaluate.chart_tables import ENSEMBLE_SIZES, ROC, ROC_AUC
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.tables import TABLES
from dermoscopy.merge.params import Merge
from dermoscopy.networks.params import Models, Training
from dermoscopy.report.dataset import Dataset, describe
from dermoscopy.report.params import Report
from dermoscopy.split.params import Policy, Split


@dataclass(frozen=True)
class Parameters:
    """Blocks of params.yaml that the report shows.

    Attributes:
        merge: Parameters of the merge stage: the size of the sample of lesions.
        policy: Parameters of the labels: the malignant diagnoses.
        split: Parameters of the split.
        augment: Parameters of the augmented images.
        training: Parameters of the training.
        models: Parameters of the members.
        ensemble: Parameters of the ensemble.
        evaluate: Parameters of the evaluation.
        report: Parameters of the report.
    """

    merge: Merge
    policy: Policy
    split: Split
    augment: Augment
    training: Training
    models: Models
    ensemble: Ensemble
    evaluate: Evaluate
    report: Report


@dataclass(frozen=True)
class Sources:
    """Outputs of other stages that the report reads.

    Attributes:
        protocol: Protocol of the splits.
        dataset: What the images are.
        versions: Library names and versions of the run.
        audit: Content of metrics/audit.json.
        data: Content of metrics/data.json.
        diagnoses: Images and lesions by split, label and diagnosis (`audit.charts.DIAGNOSIS_COUNTS`).
        by_label: Ages, sexes and localizations by label (`audit.charts.BY_LABEL`).
        roc: Points of the ROC curves.
        curves: Accuracy, loss and ROC AUC by epoch.
        best_epoch: The same of the chosen epochs, on train and val predicted alike.
        roc_auc: ROC AUC of each classifier with its interval.
        ensemble_sizes: Metrics of the ensemble as members are added.
        evaluation: Tables of the test split, by the names of `evaluate.tables.TABLES`.
        choice: Members and method of the ensemble.
        candidates: All combinations of members and methods, on the validation split.
        weights: Weights of the members in each combination.
        points: Operating points of the classifiers.
        predictions: Predictions of the ensemble on the test split.
        explain: Folder with the figures of the explain stage.
        localization: Grad-CAM of each member beside the masks of the lesions; no rows without masks.
        sheets: Folder of contact sheets: one for each diagnosis, and one of duplicates if there are any.
    """

    protocol: str
    dataset: Dataset
    versions: dict[str, str]
    audit: dict[str, Any]
    data: dict[str, Any]
    diagnoses: pd.DataFrame
    by_label: pd.DataFrame
    roc: pd.DataFrame
    curves: pd.DataFrame
    best_epoch: pd.DataFrame
    roc_auc: pd.DataFrame
    ensemble_sizes: pd.DataFrame
    evaluation: dict[str, pd.DataFrame]
    choice: Choice
    candidates: pd.DataFrame
    weights: pd.DataFrame
    points: pd.DataFrame
    predictions: pd.DataFrame
    explain: Path
    localization: pd.DataFrame
    sheets: Path

    @property
    def simulated(self) -> bool:
        """Whether the images are simulated."""
        return self.dataset.kind == "simulated"

    @property
    def leaky(self) -> bool:
        """Whether splits share lesions."""
        return is_leaky(self.protocol)

    @property
    def protocol_title(self) -> str:
        """The protocol, with a warning if it is leaky."""
        return protocol_title(self.protocol)

    @property
    def included(self) -> str:
        """Note for counts of test images, which include augmented images under the protocol "paper" only."""
        return " (augmented images included)" if self.protocol == "paper" else ""


def read_sources(root: Path = Path()) -> Sources:
    """Read the inputs of the report.

    Args:
        root: Root folder of the project.

    Raises:
        TableError: A file is missing or does not have the format that its stage writes.
    """
    data, metrics, plots = root / "data", root / "metrics", root / "plots"
    return Sources(
        protocol=read_audited_protocol(data / "audited"),
        dataset=describe(_read_json(data / "source.json")),
        versions=_read_json(data / "environment.json"),
        audit=_read_json(metrics / "audit.json"),
        data=_read_json(metrics / "data.json"),
        diagnoses=DIAGNOSIS_COUNTS.read(plots / "diagnoses.csv"),
        by_label=BY_LABEL.read(plots / "by_label.csv"),
        roc=ROC.read(plots / "roc.csv"),
        curves=CURVES.read(plots / "curves.csv"),
        best_epoch=BEST_EPOCH.read(plots / "best_epoch.csv"),
        roc_auc=ROC_AUC.read(plots / "roc_auc.csv"),
        ensemble_sizes=ENSEMBLE_SIZES.read(plots / "ensemble_sizes.csv"),
        evaluation={name: table.read(data / "evaluation" / f"{name}.csv") for name, table in TABLES.items()},
        choice=read_choice(data / "ensemble" / "ensemble.json"),
        candidates=CANDIDATES.read(data / "ensemble" / "candidates.csv"),
        weights=WEIGHTS.read(data / "ensemble" / "weights.csv"),
        points=POINTS.read(data / "ensemble" / "points.csv"),
        predictions=PREDICTIONS.read(data / "evaluation" / "predictions.csv"),
        explain=data / "explain",
        localization=LOCALIZATION.read(data / "explain" / "localization.csv"),
        sheets=data / "sheets",
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise TableError(f"{path} is missing. Run `dvc repro`.") from None
    except ValueError as error:
        raise TableError(f"{path} is not valid JSON: {error}. Run `dvc repro`.") from None
    if not isinstance(content, dict):
        raise TableError(f"{path} must contain one JSON object; received a {type(content).__name__}. Run `dvc repro`.")
    return content
