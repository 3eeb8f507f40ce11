"""Candidates for the ensemble, compared by cross-validation on val, and the choice among them.

A candidate is a subset of the members with a combination method.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.core.errors import TableError
from dermoscopy.core.metrics import log_loss
from dermoscopy.ensemble.calibration import Calibration, fit_calibration
from dermoscopy.ensemble.combiners import Choice, CombinationMethod, Combiner, fit_combiner
from dermoscopy.ensemble.params import CONFIDENCE, METHODS, SINGLE, Ensemble
from dermoscopy.stats.lesions import by_lesion
from dermoscopy.stats.paired import ThresholdedScores, delong


@dataclass(frozen=True)
class Candidate:
    """A combination of some members, fitted and evaluated on val.

    Attributes:
        combiner: Combiner, fitted to all of val.
        calibration: Calibration of the combiner's output, fitted to all of val.
        out_of_fold: Probability of each image, combined and calibrated by fits without its group; shape (rows,).
            Each fold has its own calibration, so that probabilities of two folds are on two scales: only their losses
            are of use.
        out_of_fold_combined: The same before calibration, for rankings and predictions; shape (rows,).
        log_loss: Log loss of the out-of-fold probabilities, in nats.
    """

    combiner: Combiner
    calibration: Calibration
    out_of_fold: NDArray[np.float64]
    out_of_fold_combined: NDArray[np.float64]
    log_loss: float

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.combiner.members)

    def probability(self, probabilities: pd.DataFrame) -> NDArray[np.float64]:
        """Return the calibrated probability of malignancy; shape (rows,).

        Args:
            probabilities: Probabilities of rows by members.
        """
        return self.calibration.apply(self.combiner.combine(probabilities))

    @property
    def out_of_fold_score(self) -> NDArray[np.float64]:
        """Out-of-fold scores on one scale: that of `probability`, for which the thresholds hold; shape (rows,)."""
        return self.calibration.apply(self.out_of_fold_combined)

    @property
    def calibrated_threshold(self) -> float:
        """The threshold after calibration."""
        return float(self.calibration.apply(np.array(self.combiner.combined_threshold)))


def subsets(members: Sequence[str]) -> list[tuple[str, ...]]:
    """Return all non-empty subsets, the small ones first."""
    return [chosen for size in range(1, len(members) + 1) for chosen in combinations(members, size)]


def combination_methods(members: Sequence[str]) -> Sequence[CombinationMethod]:
    """Return the methods that combine these members; a single member has one of its own."""
    return [*METHODS] if len(members) > 1 else [SINGLE]


def fit_candidates(rows: pd.DataFrame, probabilities: pd.DataFrame, settings: Ensemble) -> list[Candidate]:
    """Fit every method to every subset of the ensemble's members, and each other member on its own.

    Args:
        rows: Images of val, with columns lesion_id, group and label.
        probabilities: Probabilities of images by members, in the order of `rows`.
        settings: Parameters of the ensemble.

    Raises:
        TableError: Val holds one label only.
    """
    y_true = rows["label"].to_numpy()
    if y_true.min() == y_true.max():
        only = "malignant" if y_true.max() else "benign"
        raise TableError(
            f"All images of val are {only}: the ensemble cannot be fitted.\n"
            "Use more lesions (merge.lesions, simulate.lesions) or a larger split.val."
        )
    fold = assign_folds(rows["group"].to_numpy(dtype=str), y_true, settings.folds)
    # Probabilities are read by lesion, as the mean of its images. So each lesion counts once.
    weight = 1 / rows.groupby("lesion_id")["lesion_id"].transform("size").to_numpy(dtype=float)
    others = [(str(member),) for member in probabilities if member not in settings.members]
    return [
        _fit_candidate(y_true, probabilities[list(members)], weight, method, fold, settings)
        for members in [*subsets(settings.members), *others]
        for method in combination_methods(members)
    ]


def assign_folds(group: NDArray[np.str_], label: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """Assign the groups of each label to folds in turn, so that both labels remain without any one fold.

    Args:
        group: Group of each row, which is kept in one fold; shape (rows,).
        label: Label of each row, 0 benign, 1 malignant; shape (rows,).
        folds: Number of folds; fewer are used if a label has fewer groups.

    Returns:
        Fold of each row, from 0; all 0 if a label has a single group, since no fold can then be left out.
    """
    labels = pd.Series(label).groupby(group).max()  # a group of both labels counts as malignant
    count = min(folds, *labels.value_counts())
    fold_of_group = labels.groupby(labels).cumcount() % count
    assigned: NDArray[np.int64] = fold_of_group[group].to_numpy(dtype=np.int64)
    return assigned


def _fit_candidate(
    y_true: NDArray[np.int64],
    probabilities: pd.DataFrame,
    weight: NDArray[np.float64],
    method: CombinationMethod,
    fold: NDArray[np.int64],
    settings: Ensemble,
) -> Candidate:
    def fit(fitted: NDArray[np.bool_]) -> tuple[Combiner, Calibration]:
        combiner = fit_combiner(y_true[fitted], probabilities[fitted], method, settings)
        combined = combiner.combine(probabilities[fitted])
        return combiner, fit_calibration(y_true[fitted], combined, settings.calibration, weight[fitted])

    all_rows = np.ones(len(y_true), dtype=bool)
    combined, calibrated = np.empty(len(y_true)), np.empty(len(y_true))
    for number in np.unique(fold):
        inside = fold == number
        combiner, calibration = fit(all_rows if inside.all() else ~inside)
        combined[inside] = combiner.combine(probabilities[inside])
        calibrated[inside] = calibration.apply(combined[inside])
    combiner, calibration = fit(all_rows)
    return Candidate(combiner, calibration, calibrated, combined, log_loss(y_true, calibrated))


def choose(rows: pd.DataFrame, candidates: Sequence[Candidate], settings: Ensemble) -> tuple[Choice, Candidate]:
    """Choose a candidate by its log loss on out-of-fold images of val.

    Args:
        rows: Images of val, with columns lesion_id and label.
        candidates: Candidates of `fit_candidates`.
        settings: Parameters of the ensemble; members, method and fallback are used.

    Returns:
        The choice, and the chosen candidate.
    """
    of_members = [candidate for candidate in candidates if set(candidate.combiner.members) <= set(settings.members)]
    singles = [candidate for candidate in of_members if candidate.size == 1]
    best = min(singles, key=lambda candidate: candidate.log_loss)
    eligible = [candidate for candidate in of_members if _eligible(candidate, settings)]
    tried = min(eligible, key=lambda candidate: (candidate.log_loss, candidate.size))
    lesions = by_lesion(rows)
    test = delong(lesions, _out_of_fold(tried), _out_of_fold(best), CONFIDENCE)
    # An undefined p (NaN) is no evidence of a gain.
    significant = test.difference > 0 and settings.fallback is not None and test.p <= settings.fallback
    fell_back = settings.fallback is not None and tried is not best and not significant
    chosen = best if fell_back else tried
    choice = Choice.model_validate(
        {
            "members": list(chosen.combiner.members),
            "method": chosen.combiner.method,
            "best_member": best.combiner.members[0],
            "fell_back": fell_back,
            "tried_members": list(tried.combiner.members),
            "tried_method": tried.combiner.method,
            "gain": test.difference,
            "gain_low": _nan_to_none(test.low),
            "gain_high": _nan_to_none(test.high),
            "p": _nan_to_none(test.p),
            "malignant": int((lesions.label == 1).sum()),
            "benign": int((lesions.label == 0).sum()),
        }
    )
    return choice, chosen


def find_candidate(candidates: Sequence[Candidate], members: Sequence[str], method: CombinationMethod) -> Candidate:
    """Return the candidate of these members with this method; a single member is found by any method."""
    wanted = method if len(members) > 1 else SINGLE
    return next(
        candidate
        for candidate in candidates
        if candidate.combiner.members == tuple(members) and candidate.combiner.method == wanted
    )


def _eligible(candidate: Candidate, settings: Ensemble) -> bool:
    if settings.method == "chosen":
        # Votes take only k + 1 values: too coarse to rank or to threshold.
        return candidate.combiner.method != "vote"
    method = settings.method if len(settings.members) > 1 else SINGLE
    return candidate.combiner.method == method and candidate.size == len(settings.members)


def _out_of_fold(candidate: Candidate) -> ThresholdedScores:
    return ThresholdedScores(candidate.out_of_fold, candidate.calibrated_threshold, candidate.out_of_fold_score)


def _nan_to_none(value: float) -> float | None:
    return None if math.isnan(value) else value
