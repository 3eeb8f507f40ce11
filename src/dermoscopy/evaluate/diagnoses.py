"""Evaluate the predicted diagnoses of the members with the target dx, and of the ensemble, on the test split.

The predicted diagnosis is the one with the highest probability. The probabilities of the ensemble are the means over
those of its members that have them, with equal weights: the combination methods are fitted for the two labels only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import TableError
from dermoscopy.core.members import member_names
from dermoscopy.core.tables import DIAGNOSES, DIAGNOSIS_PROBABILITIES, ENSEMBLE, PREDICTIONS
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.evaluate.scores import Kind
from dermoscopy.evaluate.tables import DIAGNOSIS_CONFUSION, DIAGNOSIS_SCORES
from dermoscopy.stats.headline import FILES, MEAN_RECALL
from dermoscopy.stats.headline import Bounded as HeadlineMetric
from dermoscopy.stats.intervals import resample_lesions
from dermoscopy.stats.lesions import Unit
from dermoscopy.stats.multiclass import confusion_counts, mean_recall, recall
from dermoscopy.stats.roc import roc_auc_interval, roc_aucs

RECALL, ROC_AUC = "recall", "roc_auc"
SUM_TOLERANCE = 1e-3  # of the probabilities of an image, which a network computes in float32 or less


@dataclass(frozen=True)
class DiagnosisClassifier:
    """A classifier with its probabilities of the diagnoses.

    Attributes:
        name: Name of a member, or "ensemble".
        kind: Kind of classifier.
        probability: Probability of each diagnosis of `core.tables.DIAGNOSES`; shape (images, diagnoses).
    """

    name: str
    kind: Kind
    probability: NDArray[np.float64]


def read_diagnosis_probabilities(rows: pd.DataFrame, folder: Path) -> dict[str, pd.DataFrame]:
    """Read the probabilities of the diagnoses of all members that predict them.

    Args:
        rows: Images of a split, with the column image_id; the files hold the same images.
        folder: data/predictions/<split>.

    Returns:
        Member to its columns `core.tables.DIAGNOSIS_PROBABILITIES`, in the order of `rows`; members with the target
        binary are left out.

    Raises:
        TableError: A file has some of the columns only, or probabilities that do not sum to 1; all are listed.
    """
    found, problems = {}, []
    for member in member_names():
        path = folder / f"{member}.csv"
        table = PREDICTIONS.read(path).set_index("image_id")
        columns = [name for name in DIAGNOSIS_PROBABILITIES if name in table]
        if not columns:
            continue
        missing = [name for name in DIAGNOSIS_PROBABILITIES if name not in columns]
        wrong = table.index[~np.isclose(table[columns].sum(axis=1, skipna=False), 1, rtol=0, atol=SUM_TOLERANCE)]
        if missing:
            problems.append(f"{path}: without {', '.join(missing)}")
        elif len(wrong):
            problems.append(f"{path}: probabilities of the diagnoses of {wrong[0]} do not sum to 1")
        else:
            found[member] = table.loc[list(rows["image_id"]), columns]
    if problems:
        raise TableError("\n  ".join(["Predicted diagnoses are not valid:", *problems]) + "\nRun `dvc repro`.")
    return found


def diagnosis_classifiers(
    probabilities: Mapping[str, pd.DataFrame], chosen: Sequence[str]
) -> list[DiagnosisClassifier]:
    """Return the ensemble, if one of its members predicts diagnoses, and these members.

    Args:
        probabilities: Result of `read_diagnosis_probabilities`.
        chosen: Members of the ensemble.
    """
    members = [DiagnosisClassifier(name, "member", table.to_numpy()) for name, table in probabilities.items()]
    combined = [member.probability for member in members if member.name in chosen]
    ensemble = [DiagnosisClassifier(ENSEMBLE, "ensemble", np.mean(combined, axis=0))] if combined else []
    return [*ensemble, *members]


def predicted_diagnoses(classifier: DiagnosisClassifier, unit: Unit) -> NDArray[np.intp]:
    """Return the position in `core.tables.DIAGNOSES` of the most probable diagnosis of each row; shape (rows,)."""
    predicted: NDArray[np.intp] = _by_row(classifier, unit).argmax(axis=1)
    return predicted


def score_diagnoses(
    rows: pd.DataFrame, units: Sequence[Unit], classifiers: Sequence[DiagnosisClassifier], settings: Evaluate
) -> dict[str, pd.DataFrame]:
    """Compute recalls, ROC AUCs of each diagnosis against all others, mean recall and confusion matrices.

    Args:
        rows: Images of test, with the column dx; all images of a lesion have the same.
        units: Images and lesions of test.
        classifiers: Classifiers that predict diagnoses.
        settings: Parameters of the evaluation; resamples, seed and confidence are used.

    Returns:
        "diagnoses" to rows of `tables.DIAGNOSIS_SCORES`, "diagnoses_confusion" to rows of `tables.DIAGNOSIS_CONFUSION`.
    """
    scores: list[tuple[object, ...]] = []
    counts: list[tuple[object, ...]] = []
    truth = rows["dx"].map(DIAGNOSES.index).to_numpy()
    for unit in units if classifiers else ():
        y_true = truth[unit.first]
        generator = np.random.default_rng(settings.seed)
        resamples = resample_lesions(unit.lesion, y_true, settings.resamples, generator)
        for classifier in classifiers:
            y_pred = predicted_diagnoses(classifier, unit)
            key = (classifier.name, classifier.kind, unit.name)
            matrix = confusion_counts(y_true, y_pred, len(DIAGNOSES))
            counts += [
                (*key, dx, predicted, int(matrix[row, column]))
                for row, dx in enumerate(DIAGNOSES)
                for column, predicted in enumerate(DIAGNOSES)
            ]
            scores += [
                (*key, *row)
                for row in _scores(rows, unit, y_true, _by_row(classifier, unit), resamples, settings.confidence)
            ]
    return {
        "diagnoses": pd.DataFrame(scores, columns=list(DIAGNOSIS_SCORES.columns)),
        "diagnoses_confusion": pd.DataFrame(counts, columns=list(DIAGNOSIS_CONFUSION.columns)),
    }


def _by_row(classifier: DiagnosisClassifier, unit: Unit) -> NDArray[np.float64]:
    """Return the probabilities of each row, of a lesion the mean over its images; shape (rows, diagnoses)."""
    return np.column_stack([unit.mean(column) for column in classifier.probability.T])


def _scores(
    rows: pd.DataFrame,
    unit: Unit,
    y_true: NDArray[np.intp],
    probability: NDArray[np.float64],
    resamples: NDArray[np.float64],
    confidence: float,
) -> list[tuple[object, ...]]:
    """Return the columns of `tables.DIAGNOSIS_SCORES` from dx on."""
    correct = probability.argmax(axis=1) == y_true
    found, recalls = [], []
    for number, dx in enumerate(DIAGNOSES):
        own = rows["dx"] == dx
        sizes = int(own.sum()), int(rows.loc[own, "lesion_id"].nunique())
        of_class = y_true == number
        bounded, kind = recall(unit, of_class, correct, resamples, confidence)
        recalls.append(bounded)
        found.append((dx, *sizes, RECALL, *bounded, kind))
        found.append((dx, *sizes, ROC_AUC, *_one_against_rest(unit, of_class, probability[:, number], confidence)))
    sizes = len(rows), int(rows["lesion_id"].nunique())
    return [*found, ("", *sizes, MEAN_RECALL, *mean_recall(recalls), "from the recalls")]


def _one_against_rest(
    unit: Unit, of_class: NDArray[np.bool_], probability: NDArray[np.float64], confidence: float
) -> tuple[float, float, float, str]:
    """Return the ROC AUC of a diagnosis against all others, its bounds and the kind of interval."""
    roc = roc_aucs(of_class.astype(int), probability[None], unit.lesion)
    value = float(roc.aucs[0])
    bounds = roc_auc_interval(value, float(roc.covariance[0, 0]), roc.lesions, confidence)
    return value, *bounds, "DeLong" if unit.name == "lesion" else "Obuchowski"


def headline_of_diagnoses(scores: pd.DataFrame) -> dict[str, HeadlineMetric]:
    """Return the ensemble's mean recall by image, by its name; nothing if the ensemble predicts no diagnoses.

    Args:
        scores: Rows of `tables.DIAGNOSIS_SCORES`.
    """
    own = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "image") & (scores["metric"] == MEAN_RECALL)]
    return {MEAN_RECALL: {bound: float(own[bound].item()) for bound in FILES}} if len(own) else {}
