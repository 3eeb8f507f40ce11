"""Evaluate the ensemble of a finished run on other labelled images, as the stage evaluate does on the test split.

Nothing is fitted: calibration and operating points are those of the run.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dermoscopy.core.metrics import roc_auc
from dermoscopy.core.params import read_yaml, validate
from dermoscopy.core.tables import DIAGNOSES, DIAGNOSIS_PROBABILITIES, ENSEMBLE, UNKNOWN
from dermoscopy.ensemble.fit import read_candidates
from dermoscopy.ensemble.params import SINGLE
from dermoscopy.ensemble.thresholds import read_thresholds
from dermoscopy.evaluate.calibration import calibration_rows
from dermoscopy.evaluate.decisions import coverage_rows, predictive_rows, score_groups, sweep_rows
from dermoscopy.evaluate.diagnoses import DiagnosisClassifier, score_diagnoses
from dermoscopy.evaluate.evaluate import Evaluation, comparison_rows
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.risks import decision_curve_rows, risk_rows
from dermoscopy.evaluate.scores import Classifier, score_classifiers
from dermoscopy.merge.params import NearDuplicates
from dermoscopy.split.params import Policy
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import by_image, by_lesion
from dermoscopy.stats.metrics import METRICS
from dermoscopy.stats.sample_size import sample_size_rows
from dermoscopy.use.model import RAW, Model
from dermoscopy.use.recorded import LOCK, REMEDY

DISTANCE = 32  # bits of 256, if merge.near_duplicates is null: see `ham10000.duplicates.perceptual_hashes`
# Metrics of one label only. The others compare both, or have a fixed value.
OF_ONE_LABEL = ("sensitivity", "specificity", "accuracy", "log_loss", "brier")
ONE_LABEL = "all images are {label}: metrics that need both labels are left out ({metrics}, calibration, net benefit)"


class Settings(NamedTuple):
    """Parameters of a finished run that the evaluation of other images needs.

    Attributes:
        evaluate: Block `evaluate`.
        malignant: Malignant diagnoses of the policy.
        distance: Largest distance of the perceptual hashes of similar images, in bits of 256.
    """

    evaluate: Evaluate
    malignant: tuple[str, ...]
    distance: int


def read_settings(root: Path) -> Settings:
    """Read the parameters of the finished run from dvc.lock, which `use.recorded.read_recorded` has checked.

    Args:
        root: Top folder of the project.

    Raises:
        ParameterError: The run was made by another version of this project.
    """
    stages: Mapping[str, Any] = read_yaml((root / LOCK).read_text(encoding="utf-8"))["stages"]

    def read(stage: str, section: str, kind: Any) -> Any:
        block, _, key = section.rpartition(".")
        params = stages.get(stage, {}).get("params", {}).get("params.yaml", {})
        value = params.get(section, params.get(block, {}).get(key) if block else None)
        return validate(value, section, kind, subject=f"{LOCK} has", remedy=REMEDY)

    distance = read("merge", "merge.near_duplicates", NearDuplicates)
    return Settings(
        evaluate=read("evaluate", "evaluate", Evaluate),
        malignant=tuple(read("split", "policy", Policy).malignant.split("+")),
        distance=DISTANCE if distance is None else distance,
    )


@dataclass(frozen=True)
class External:
    """Results on a labelled folder.

    Attributes:
        rows: The evaluated images, with their labels and predictions.
        evaluation: Classifiers (the ensemble, then its members) and tables, as of the test split.
        left_out: Reason for which metrics are left out; empty if all are there.
    """

    rows: pd.DataFrame
    evaluation: Evaluation
    left_out: str


def evaluate_external(rows: pd.DataFrame, model: Model, ensemble: Path, settings: Evaluate) -> External:
    """Compute the metrics of the test split on other images, for the ensemble and each of its members.

    Args:
        rows: Predicted images with their labels, at least one: image_id, lesion_id, dx, label, the columns of
            `use.labels.DESCRIBING`, and those of `Model.predict`.
        model: The ensemble that predicted them.
        ensemble: data/ensemble of the run.
        settings: Parameters of the evaluation.
    """
    classifiers = _classifiers(rows, model, ensemble)
    score, thresholds, confidence = classifiers[0].score, classifiers[0].thresholds, settings.confidence
    units = by_image(rows), by_lesion(rows)
    lesions = units[1]
    resamples = {
        unit.name: resample_lesions(unit.lesion, unit.label, settings.resamples, np.random.default_rng(settings.seed))
        for unit in units
    }
    of_lesion = lesions.mean(score)
    risks, quartiles = risk_rows(lesions, of_lesion, settings.bins)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means over a label without images; such metrics are left out
        scores = pd.concat([score_classifiers(classifiers, unit, resamples[unit.name], confidence) for unit in units])
    tables = {
        "scores": scores,
        "sweep": sweep_rows(lesions, of_lesion, settings.thresholds, confidence),
        "risks": risks,
        "risk_quartiles": quartiles,
        "coverage": coverage_rows(lesions, of_lesion, model.sets, confidence),
        "groups": _known(score_groups(rows, lesions, score, thresholds, confidence)),
        **_diagnoses(rows, units, settings),
    }
    labels = set(rows["label"])
    if len(labels) == 1:
        absent = [metric.title for metric in METRICS.values() if metric.name not in OF_ONE_LABEL]
        name = ("benign", "malignant")[labels.pop()]
        tables["scores"] = scores[scores["metric"].isin(OF_ONE_LABEL) & scores["value"].notna()]
        left_out = ONE_LABEL.format(label=name, metrics=", ".join(absent))
        return External(rows, Evaluation(classifiers, tables), left_out)
    combined = model.combiner.combine(_raw(rows, model))
    before_after = {"before": lesions.mean(combined), "after": of_lesion}
    measures, bins, curves = calibration_rows(
        lesions, before_after, settings.bins, resamples["lesion"], confidence, settings.seed
    )
    tables |= {
        "comparisons": comparison_rows(rows, classifiers, settings),
        "predictive": predictive_rows(lesions, of_lesion, thresholds, settings.prevalences, confidence),
        "calibration": measures,
        "reliability": bins,
        "calibration_curve": curves,
        "decision_curve": decision_curve_rows(classifiers, lesions, settings.thresholds, confidence),
        "sample_size": sample_size_rows(lesions.label, of_lesion, roc_auc(lesions.label, of_lesion), confidence),
    }
    return External(rows, Evaluation(classifiers, tables), "")


def _raw(rows: pd.DataFrame, model: Model) -> pd.DataFrame:
    return pd.DataFrame({name: rows[f"{RAW}{name}"].to_numpy() for name in model.members})


def _classifiers(rows: pd.DataFrame, model: Model, ensemble: Path) -> list[Classifier]:
    """Return the ensemble and each of its members, with the calibration and the operating points of the run."""
    raw, candidates = _raw(rows, model), read_candidates(ensemble)
    thresholds = read_thresholds(ensemble / "points.csv")
    found = [Classifier(ENSEMBLE, "ensemble", rows["probability"].to_numpy(dtype=float), model.thresholds)]
    for name in model.members:
        combiner, calibration = candidates[name, SINGLE]
        found.append(Classifier(name, "member", calibration.apply(combiner.combine(raw)), thresholds[name]))
    return found


def _known(groups: pd.DataFrame) -> pd.DataFrame:
    """Return the subgroups of the columns that are known for some lesions."""
    known = groups.loc[groups["group"] != UNKNOWN, "by"].unique()
    return groups[groups["by"].isin(list(known))]


def _diagnoses(rows: pd.DataFrame, units: Any, settings: Evaluate) -> dict[str, pd.DataFrame]:
    """Return the tables of the predicted diagnoses; empty unless the ensemble predicts them and all dx are known."""
    columns = [name for name in DIAGNOSIS_PROBABILITIES if name in rows]
    known = len(columns) == len(DIAGNOSES) and rows["dx"].isin(DIAGNOSES).all()
    classifiers = [DiagnosisClassifier(ENSEMBLE, "ensemble", rows[columns].to_numpy(dtype=float))] if known else []
    return score_diagnoses(rows if known else rows[["dx"]].iloc[:0], units, classifiers, settings)
