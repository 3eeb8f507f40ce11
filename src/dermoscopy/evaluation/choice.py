"""What val decides: which members are combined and how, and whether the best of them alone would do."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dermoscopy.errors import TableError
from dermoscopy.evaluation.candidates import Candidate
from dermoscopy.evaluation.combiners import ALONE, Way
from dermoscopy.evaluation.lesions import lesions
from dermoscopy.evaluation.paired import Calls, delong
from dermoscopy.params.block import Block
from dermoscopy.params.ensemble import Ensemble
from dermoscopy.params.models import Member

CONFIDENCE = 0.95  # of the interval told beside val's test; evaluate.confidence is of the test part


class Choice(Block):
    """data/ensemble/ensemble.json: the choice, and the paired test on val behind it.

    Attributes:
        members: Which are combined.
        method: How.
        best_member: The single member with the lowest log loss on val.
        fell_back: Whether that member stands in for an ensemble that did not earn its place.
        tried_members: What was to be combined, before a fallback.
        tried_method: How.
        gain: ROC AUC of that ensemble minus the best member's, on lesions of val left out of its fits.
        gain_low: Of its interval; None where it has none.
        gain_high: Likewise.
        p: Of the test that there is no gain; None where it cannot be told.
    """

    members: list[Member]
    method: Way
    best_member: Member
    fell_back: bool
    tried_members: list[Member]
    tried_method: Way
    gain: float
    gain_low: float | None
    gain_high: float | None
    p: float | None


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
    test = delong(lesions(rows), _calls(tried), _calls(best), CONFIDENCE)
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
        }
    )
    return choice, kept


def find(candidates: Sequence[Candidate], members: Sequence[str], method: Way) -> Candidate:
    """Return the candidate of these members and this way; a single member is itself in every way."""
    way = method if len(members) > 1 else ALONE
    return next(one for one in candidates if one.combiner.members == tuple(members) and one.combiner.method == way)


def read_choice(path: Path) -> Choice:
    """Read which members were combined and how, as it was chosen on val.

    Raises:
        TableError: The file is missing or is not what `weigh` writes.
    """
    try:
        return Choice.model_validate_json(path.read_text())
    except (FileNotFoundError, ValueError) as error:
        raise TableError(f"{path} is missing or is not what stage weigh writes: {error}\nRun `dvc repro`.") from None


def _may(candidate: Candidate, settings: Ensemble) -> bool:
    if settings.method == "chosen":
        return True
    way = settings.method if len(settings.members) > 1 else ALONE
    return candidate.combiner.method == way and candidate.size == len(settings.members)


def _calls(candidate: Candidate) -> Calls:
    return Calls(candidate.left_out, candidate.cut)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
