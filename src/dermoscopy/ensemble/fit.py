"""Everything val fixes, and that nothing changes afterwards.

Candidates as tables, and back.

data/ensemble/*.csv: what val has fixed; nothing of it changes afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.metrics import confusion, log_loss, roc_auc
from dermoscopy.core.tables import ENSEMBLE, PREDICTIONS, Table
from dermoscopy.ensemble.calibration import Calibration
from dermoscopy.ensemble.combiners import METHODS, Choice, Combiner
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.ensemble.selection import Candidate, choose, find, fit_candidates
from dermoscopy.ensemble.thresholds import fit_sets, fix_points
from dermoscopy.stats.headline import Headline
from dermoscopy.stats.lesions import lesions

# `members` are joined by +; `method` is a way to combine them, or "alone".

CANDIDATES = Table(  # candidates.csv: every subset in every way
    columns={
        "members": "str",
        "method": "str",
        "size": "int64",
        "threshold": "float64",  # before calibration: `ensemble.threshold`
        "intercept": "float64",  # of stacking
        "slope": "float64",  # of the calibration
        "shift": "float64",
        "cut": "float64",  # the calibrated probability from which its vote, or its threshold, says malignant
        "log_loss": "float64",  # on val, of images left out of the fits
        "roc_auc": "float64",  # likewise
        "accuracy": "float64",  # likewise, at the cut
    },
    order=("size", "members", "method"),
)

WEIGHTS = Table(  # weights.csv: what each member counts for in each of them
    columns={"members": "str", "method": "str", "member": "str", "weight": "float64"},
    order=("members", "method", "member"),
)

POINTS = Table(  # points.csv: the operating points of members and ensembles
    columns={
        "name": "str",  # of the classifier
        "point": "str",  # half, balanced, sensitive
        "threshold": "float64",  # calibrated probability from which a lesion is called malignant
        "sensitivity": "float64",  # of val's lesions
        "specificity": "float64",
        "promised": "float64",  # sensitivity of other lesions, on average; only "sensitive" promises one
        "low": "float64",  # what this one threshold may come to
        "high": "float64",
    },
    order=("name", "point"),
)

SETS = Table(  # sets.csv: the conformal sets of the ensemble
    columns={"malignant_from": "float64", "benign_until": "float64", "coverage": "float64"},
    order=("coverage",),
)


def candidate_rows(label: NDArray[np.int64], candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Return rows of `tables.ensemble.CANDIDATES`.

    Args:
        label: 0 benign, 1 malignant, of images of val; shape (rows,).
        candidates: Fitted there.
    """
    return pd.DataFrame(
        [
            {
                "members": "+".join(one.combiner.members),
                "method": one.combiner.method,
                "size": one.size,
                "threshold": one.combiner.threshold,
                "intercept": one.combiner.intercept,
                "slope": one.calibration.slope,
                "shift": one.calibration.intercept,
                "cut": one.cut,
                "log_loss": one.log_loss,
                "roc_auc": roc_auc(label, one.left_out),
                "accuracy": confusion(label, one.left_out >= one.cut).accuracy,
            }
            for one in candidates
        ]
    )


def weight_rows(candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Return rows of `tables.ensemble.WEIGHTS`."""
    return pd.DataFrame(
        [
            {
                "members": "+".join(one.combiner.members),
                "method": one.combiner.method,
                "member": member,
                "weight": weight,
            }
            for one in candidates
            for member, weight in one.combiner.weights.items()
        ]
    )


def read_candidates(folder: Path) -> dict[tuple[str, str], tuple[Combiner, Calibration]]:
    """Read every subset in every way, by its members joined by + and its method.

    Args:
        folder: data/ensemble.
    """
    shares = {
        key: dict(zip(rows["member"], rows["weight"], strict=True))
        for key, rows in WEIGHTS.read(folder / "weights.csv").groupby(["members", "method"])
    }
    return {
        (row["members"], row["method"]): (
            Combiner(
                row["method"],
                {member: shares[row["members"], row["method"]][member] for member in row["members"].split("+")},
                row["threshold"],
                row["intercept"],
            ),
            Calibration(row["slope"], row["shift"]),
        )
        for row in CANDIDATES.read(folder / "candidates.csv").to_dict("records")
    }


@dataclass(frozen=True)
class Fixed:
    """What val fixed.

    Attributes:
        choice: What the ensemble is.
        candidates: Rows of `tables.ensemble.CANDIDATES`.
        weights: Rows of `tables.ensemble.WEIGHTS`.
        points: Rows of `tables.ensemble.POINTS`.
        sets: The row of `tables.ensemble.SETS`.
        predictions: Rows of `tables.predictions.PREDICTIONS`: the ensemble's probability of each
            image of val, by fits that had not seen its lesion.
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
        PREDICTIONS.write(self.predictions, folder / "val.csv")
        self.choice.write(folder / "ensemble.json")


def fix(rows: pd.DataFrame, probabilities: pd.DataFrame, settings: Ensemble) -> Fixed:
    """Fix weights, calibrations, operating points and conformal sets on val.

    Args:
        rows: The images of val (`tables.splits`).
        probabilities: Rows by members, in the order of `rows`.
        settings: How.

    Raises:
        TableError: Val holds one label only.
    """
    candidates = fit_candidates(rows, probabilities, settings)
    choice, ensemble = choose(rows, candidates, settings)
    unit = lesions(rows)
    alone: dict[str, Candidate] = {one.combiner.members[0]: one for one in candidates if one.size == 1}
    methods: dict[str, Candidate] = {method: find(candidates, settings.members, method) for method in METHODS}
    named = alone | methods | {ENSEMBLE: ensemble}
    scored = {name: (one.probability(probabilities), one.cut) for name, one in named.items()}
    sets = fit_sets(unit.label, unit.mean(scored[ENSEMBLE][0]), settings.coverage)
    return Fixed(
        choice=choice,
        candidates=candidate_rows(rows["label"].to_numpy(), candidates),
        weights=weight_rows(candidates),
        points=fix_points(unit, scored, settings.sensitivity),
        sets=pd.DataFrame([{**vars(sets), "coverage": settings.coverage}]),
        predictions=rows[["image_id", "lesion_id", "dx", "label"]].assign(probability=ensemble.left_out),
    )


def val_metrics(fixed: Fixed, protocol: str) -> Headline:
    """Return what ideas are compared by: the ensemble on images of val left out of its fits.

    Args:
        fixed: What val fixed.
        protocol: How the splits were drawn.

    Returns:
        Flat, in the order of reading.
    """
    label, probability = (fixed.predictions[column].to_numpy() for column in ("label", "probability"))
    (loss,) = log_loss(label, probability, np.ones((1, len(label))))
    first, *others = fixed.choice.members
    return {
        "protocol": protocol,
        "ensemble": f"{fixed.choice.method} of {', '.join([first, *others])}" if others else first,
        "log_loss": float(loss),
        "roc_auc": roc_auc(label, probability),
        "gain_over_best_member": fixed.choice.gain,
    }
