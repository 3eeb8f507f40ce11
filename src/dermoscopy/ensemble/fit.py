"""Fit ensemble, calibration, thresholds and conformal sets on the validation split, and write them to data/ensemble.

In the tables, `members` are joined by + and `method` is a combination method, or "single".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion, log_loss, roc_auc
from dermoscopy.core.sources import image_columns, sources
from dermoscopy.core.tables import DATASET, DIAGNOSIS_PROBABILITIES, ENSEMBLE, PREDICTIONS, Table
from dermoscopy.ensemble.calibration import Calibration
from dermoscopy.ensemble.combiners import Choice, Combiner, read_choice
from dermoscopy.ensemble.params import METHODS, Ensemble
from dermoscopy.ensemble.selection import Candidate, choose, find_candidate, fit_candidates
from dermoscopy.ensemble.thresholds import POINTS, fit_conformal_sets, fit_operating_points
from dermoscopy.stats.lesions import by_lesion
from dermoscopy.stats.roc import roc_auc_within

CANDIDATES = Table(  # candidates.csv: every subset of the members with every method
    columns={
        "members": "str",
        "method": "str",
        "size": "int64",  # number of members
        "threshold": "float64",  # before calibration: ensemble.threshold
        "intercept": "float64",  # of stacking
        "slope": "float64",  # of the calibration
        "shift": "float64",  # intercept of the calibration
        "calibrated_threshold": "float64",  # calibrated probability from which a lesion is predicted malignant
        "log_loss": "float64",  # on out-of-fold images of val
        "roc_auc": "float64",  # on out-of-fold images of val
        "accuracy": "float64",  # on out-of-fold images of val, at the threshold
    },
    order=("size", "members", "method"),
)

WEIGHTS = Table(  # weights.csv: weight of each member in each candidate
    columns={"members": "str", "method": "str", "member": "str", "weight": "float64"},
    order=("members", "method", "member"),
)

OUT_OF_FOLD = Table(  # val.csv: the ensemble on images of val, by fits without the image's group
    columns={
        # probability: calibrated by the fit of its fold, so that only its losses are of use
        **{name: kind for name, kind in PREDICTIONS.columns.items() if name not in DIAGNOSIS_PROBABILITIES},
        "score": "float64",  # on the scale for which the operating points hold
    },
    order=PREDICTIONS.order,
    optional=(DATASET,),
)

SETS = Table(  # sets.csv: conformal sets of the ensemble
    columns={"malignant_from": "float64", "benign_until": "float64", "coverage": "float64"},
    order=("coverage",),
)


def candidate_rows(y_true: NDArray[np.int64], candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Return the rows of `CANDIDATES`.

    Args:
        y_true: Labels of the images of val, 0 benign, 1 malignant; shape (rows,).
        candidates: Candidates fitted on these images.
    """
    return pd.DataFrame(
        [
            {
                "members": "+".join(candidate.combiner.members),
                "method": candidate.combiner.method,
                "size": candidate.size,
                "threshold": candidate.combiner.threshold,
                "intercept": candidate.combiner.intercept,
                "slope": candidate.calibration.slope,
                "shift": candidate.calibration.intercept,
                "calibrated_threshold": candidate.calibrated_threshold,
                "log_loss": candidate.log_loss,
                "roc_auc": roc_auc(y_true, candidate.out_of_fold_combined),
                "accuracy": confusion(
                    y_true, candidate.out_of_fold_combined >= candidate.combiner.combined_threshold
                ).accuracy,
            }
            for candidate in candidates
        ]
    )


def weight_rows(candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Return the rows of `WEIGHTS`."""
    return pd.DataFrame(
        [
            {
                "members": "+".join(candidate.combiner.members),
                "method": candidate.combiner.method,
                "member": member,
                "weight": weight,
            }
            for candidate in candidates
            for member, weight in candidate.combiner.weights.items()
        ]
    )


def read_candidates(folder: Path) -> dict[tuple[str, str], tuple[Combiner, Calibration]]:
    """Read the fitted candidates.

    Args:
        folder: data/ensemble.

    Returns:
        Members, joined by +, and method to the combiner and its calibration.
    """
    weights = {
        key: dict(zip(rows["member"], rows["weight"], strict=True))
        for key, rows in WEIGHTS.read(folder / "weights.csv").groupby(["members", "method"])
    }
    return {
        (row["members"], row["method"]): (
            Combiner(
                row["method"],
                {member: weights[row["members"], row["method"]][member] for member in row["members"].split("+")},
                row["threshold"],
                row["intercept"],
            ),
            Calibration(row["slope"], row["shift"]),
        )
        for row in CANDIDATES.read(folder / "candidates.csv").to_dict("records")
    }


def read_ensemble(folder: Path) -> tuple[Combiner, Calibration]:
    """Read the ensemble chosen on val and its calibration.

    Args:
        folder: data/ensemble.
    """
    choice = read_choice(folder / "ensemble.json")
    return read_candidates(folder)["+".join(choice.members), choice.method]


@dataclass(frozen=True)
class FittedEnsemble:
    """The results of the fit on val, as tables.

    Attributes:
        choice: Chosen members and method.
        candidates: Rows of `CANDIDATES`.
        weights: Rows of `WEIGHTS`.
        points: Rows of `thresholds.POINTS`.
        sets: Row of `SETS`.
        predictions: Rows of `OUT_OF_FOLD`.
    """

    choice: Choice
    candidates: pd.DataFrame
    weights: pd.DataFrame
    points: pd.DataFrame
    sets: pd.DataFrame
    predictions: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write ensemble.json and the tables.

        Args:
            folder: data/ensemble.
        """
        CANDIDATES.write(self.candidates, folder / "candidates.csv")
        WEIGHTS.write(self.weights, folder / "weights.csv")
        POINTS.write(self.points, folder / "points.csv")
        SETS.write(self.sets, folder / "sets.csv")
        OUT_OF_FOLD.write(self.predictions, folder / "val.csv")
        self.choice.write(folder / "ensemble.json")


def fit_ensemble(
    rows: pd.DataFrame, probabilities: pd.DataFrame, baselines: pd.DataFrame, settings: Ensemble
) -> FittedEnsemble:
    """Fit weights, calibrations, operating points and conformal sets on val.

    Thresholds are fitted on out-of-fold scores: on the scores of the fit itself they would promise too much.

    Args:
        rows: Images of val, rows of `core.splits.SPLIT`.
        probabilities: Probabilities of images by members, in the order of `rows`.
        baselines: Probabilities of images by baselines, in the order of `rows`. They get operating points only: they
            are fitted on train, without a change of the prevalence that a calibration would have to correct.
        settings: Parameters of the ensemble.

    Raises:
        TableError: Val holds one label only.
    """
    candidates = fit_candidates(rows, probabilities, settings)
    choice, ensemble = choose(rows, candidates, settings)
    lesions = by_lesion(rows)
    singles: dict[str, Candidate] = {
        candidate.combiner.members[0]: candidate for candidate in candidates if candidate.size == 1
    }
    combined: dict[str, Candidate] = {
        method: find_candidate(candidates, settings.members, method) for method in METHODS
    }
    named = singles | combined | {ENSEMBLE: ensemble}
    scored = {
        **{name: (candidate.out_of_fold_score, candidate.calibrated_threshold) for name, candidate in named.items()},
        **{str(name): (baselines[name].to_numpy(), settings.threshold) for name in baselines},
    }
    sets = fit_conformal_sets(lesions.label, lesions.mean(ensemble.out_of_fold_score), settings.coverage)
    return FittedEnsemble(
        choice=choice,
        candidates=candidate_rows(rows["label"].to_numpy(), candidates),
        weights=weight_rows(candidates),
        points=fit_operating_points(lesions, scored, settings.sensitivity),
        sets=pd.DataFrame([{**vars(sets), "coverage": settings.coverage}]),
        predictions=image_columns(rows).assign(probability=ensemble.out_of_fold, score=ensemble.out_of_fold_score),
    )


def val_metrics(fitted: FittedEnsemble, protocol: str) -> dict[str, Any]:
    """Return the ensemble's metrics on out-of-fold images of val, by which experiments are compared.

    Args:
        fitted: The results of the fit.
        protocol: Title of the split protocol.

    Returns:
        The protocol, the members that are combined, log loss, ROC AUC and, if sources are known, that within source.
        DVC shows no list, so `members` takes no column of `dvc metrics show`.
    """
    y_true, y_prob, score = (fitted.predictions[column].to_numpy() for column in ("label", "probability", "score"))
    (loss,) = log_loss(y_true, y_prob, np.ones((1, len(y_true))))
    source = sources(fitted.predictions)
    within = {} if source is None else {"roc_auc_within": roc_auc_within(y_true, score, source)}
    return {
        "protocol": protocol,
        "members": fitted.choice.members,
        "log_loss": float(loss),
        "roc_auc": roc_auc(y_true, score),
        **within,
    }
