"""Everything val fixes, and that nothing changes afterwards."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dermoscopy.evaluation.candidates import Candidate, fit_candidates
from dermoscopy.evaluation.choice import choose, find
from dermoscopy.evaluation.chosen import Choice
from dermoscopy.evaluation.combiners import METHODS
from dermoscopy.evaluation.lesions import lesions
from dermoscopy.evaluation.points import fix_points
from dermoscopy.evaluation.records import candidate_rows, weight_rows
from dermoscopy.evaluation.sets import fit_sets
from dermoscopy.params.ensemble import Ensemble
from dermoscopy.tables.ensemble import CANDIDATES, POINTS, SETS, WEIGHTS
from dermoscopy.tables.predictions import PREDICTIONS

ENSEMBLE = "ensemble"  # what was chosen; the ways to combine all members go by their own names


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
            photograph of val, by fits that had not seen its lesion.
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
        rows: The photographs of val (`tables.parts`).
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
