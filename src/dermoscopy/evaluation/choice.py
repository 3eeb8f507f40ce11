"""What val decides: which members are combined and how, and whether the best of them alone would do."""

import math
from collections.abc import Sequence

import pandas as pd

from dermoscopy.evaluation.candidates import Candidate
from dermoscopy.evaluation.chosen import ALONE, Choice, Way
from dermoscopy.evaluation.lesions import lesions
from dermoscopy.evaluation.paired import Calls, delong
from dermoscopy.params.ensemble import Ensemble

CONFIDENCE = 0.95  # of the interval told beside val's test; evaluate.confidence is of the test part


def choose(rows: pd.DataFrame, candidates: Sequence[Candidate], settings: Ensemble) -> tuple[Choice, Candidate]:
    """Choose on val, by the log loss of photographs left out of the fits.

    Args:
        rows: Photographs of val, with columns lesion_id and label.
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
