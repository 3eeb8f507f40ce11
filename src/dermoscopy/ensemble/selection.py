"""Every subset of the members in every way to combine it, compared on val by rows they were not fitted to.

What val decides: which members are combined and how, and whether the best of them alone would do.
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
from dermoscopy.ensemble.combiners import ALONE, METHODS, Choice, Combiner, Way, fit_combiner
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.stats.lesions import lesions
from dermoscopy.stats.paired import Calls, delong


@dataclass(frozen=True)
class Candidate:
    """A way to combine some of the members, with what it does on val.

    Attributes:
        combiner: Fitted to all of val.
        calibration: Of its output, likewise.
        left_out: Calibrated probability of each image by fits that had not seen its lesion; shape (rows,).
        log_loss: Of these, in nats.
    """

    combiner: Combiner
    calibration: Calibration
    left_out: NDArray[np.float64]
    log_loss: float

    @property
    def size(self) -> int:
        """How many members are combined."""
        return len(self.combiner.members)

    def probability(self, probabilities: pd.DataFrame) -> NDArray[np.float64]:
        """Return the calibrated probability of malignancy; rows by members in, shape (rows,) out."""
        return self.calibration.apply(self.combiner.combine(probabilities))

    @property
    def cut(self) -> float:
        """The calibrated probability that the threshold before calibration became."""
        return float(self.calibration.apply(np.array(self.combiner.cut)))


def subsets(members: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every subset but the empty one, the small ones first."""
    return [chosen for size in range(1, len(members) + 1) for chosen in combinations(members, size)]


def ways(members: Sequence[str]) -> Sequence[Way]:
    """Return the ways to combine members; a single one is itself in all of them."""
    return [*METHODS] if len(members) > 1 else [ALONE]


def fit_candidates(rows: pd.DataFrame, probabilities: pd.DataFrame, settings: Ensemble) -> list[Candidate]:
    """Fit every way to combine every subset of the members that count, and each of the others alone.

    Args:
        rows: Images of val, with columns group and label.
        probabilities: Rows by members, in the order of `rows`.
        settings: Which members count, and how fits are made and compared.

    Raises:
        TableError: Val holds one label only.
    """
    label = rows["label"].to_numpy()
    if label.min() == label.max():
        raise TableError(
            "val holds benign images only, or malignant ones only: nothing can be fitted there.\n"
            "Use more lesions (merge.lesions, simulate.lesions) or a larger split.val."
        )
    fold = deal(rows["group"].to_numpy(dtype=str), label, settings.folds)
    others = [(str(member),) for member in probabilities if member not in settings.members]
    return [
        _candidate(label, probabilities[list(members)], way, fold, settings)
        for members in [*subsets(settings.members), *others]
        for way in ways(members)
    ]


def deal(group: NDArray[np.str_], label: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """Deal the groups of each label in turn to folds, so that each fold leaves both labels.

    Args:
        group: What stays together; shape (rows,).
        label: 0 benign, 1 malignant; shape (rows,).
        folds: How many; fewer where a label has fewer groups.

    Returns:
        Each row's fold, from 0; all 0 where a label has but one group, and nothing can be left out.
    """
    labels = pd.Series(label).groupby(group).max()  # a group of both labels counts as malignant
    count = min(folds, *labels.value_counts())
    turn = labels.groupby(labels).cumcount() % count
    dealt: NDArray[np.int64] = turn[group].to_numpy(dtype=np.int64)
    return dealt


def _candidate(
    label: NDArray[np.int64], probabilities: pd.DataFrame, way: Way, fold: NDArray[np.int64], settings: Ensemble
) -> Candidate:
    def fit(known: NDArray[np.bool_]) -> tuple[Combiner, Calibration]:
        combiner = fit_combiner(label[known], probabilities[known], way, settings)
        combined = combiner.combine(probabilities[known])
        return combiner, fit_calibration(label[known], combined, settings.calibration)

    everything = np.ones(len(label), dtype=bool)
    left_out = np.empty(len(label))
    for number in np.unique(fold):
        here = fold == number
        combiner, calibration = fit(everything if here.all() else ~here)
        left_out[here] = calibration.apply(combiner.combine(probabilities[here]))
    combiner, calibration = fit(everything)
    return Candidate(combiner, calibration, left_out, log_loss(label, left_out))


CONFIDENCE = 0.95  # of the interval told beside val's test; evaluate.confidence is of the test split


def choose(rows: pd.DataFrame, candidates: Sequence[Candidate], settings: Ensemble) -> tuple[Choice, Candidate]:
    """Choose on val, by the log loss of images left out of the fits.

    Args:
        rows: Images of val, with columns lesion_id and label.
        candidates: Every subset in every way (`candidates.fit_candidates`).
        settings: Which choice is asked for.

    Returns:
        The choice, and the candidate that is the ensemble from now on.
    """
    counting = [one for one in candidates if set(one.combiner.members) <= set(settings.members)]
    best = min((one for one in counting if one.size == 1), key=lambda one: one.log_loss)
    tried = min((one for one in counting if _may(one, settings)), key=lambda one: (one.log_loss, one.size))
    unit = lesions(rows)
    test = delong(unit, _calls(tried), _calls(best), CONFIDENCE)
    # A p that cannot be told is no evidence of a gain.
    earned = test.difference > 0 and settings.fallback is not None and test.p <= settings.fallback
    fell_back = settings.fallback is not None and tried is not best and not earned
    kept = best if fell_back else tried
    choice = Choice.model_validate(
        {
            "members": list(kept.combiner.members),
            "method": kept.combiner.method,
            "best_member": best.combiner.members[0],
            "fell_back": fell_back,
            "tried_members": list(tried.combiner.members),
            "tried_method": tried.combiner.method,
            "gain": test.difference,
            "gain_low": _known(test.low),
            "gain_high": _known(test.high),
            "p": _known(test.p),
            "malignant": int((unit.label == 1).sum()),
            "benign": int((unit.label == 0).sum()),
        }
    )
    return choice, kept


def find(candidates: Sequence[Candidate], members: Sequence[str], method: Way) -> Candidate:
    """Return the candidate of these members and this way; a single member is itself in every way."""
    way = method if len(members) > 1 else ALONE
    return next(one for one in candidates if one.combiner.members == tuple(members) and one.combiner.method == way)


def _may(candidate: Candidate, settings: Ensemble) -> bool:
    if settings.method == "chosen":
        return candidate.combiner.method != "vote"  # of few steps, which order hardly anybody
    way = settings.method if len(settings.members) > 1 else ALONE
    return candidate.combiner.method == way and candidate.size == len(settings.members)


def _calls(candidate: Candidate) -> Calls:
    return Calls(candidate.left_out, candidate.cut)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
