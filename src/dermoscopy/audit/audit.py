"""The leak gate: what stands in one split stands in no other, on disk as in the tables."""

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dermoscopy.audit.checks import FAULTS, LEAKS, TOLERATED
from dermoscopy.audit.evidence import Check, Evidence
from dermoscopy.core.errors import MAX_NAMES, LeakError
from dermoscopy.core.splits import SHARED_LESIONS, SPLITS, VERDICTS
from dermoscopy.ham10000.problems import Problem, summarize

logger = logging.getLogger(__name__)


def audit(evidence: Evidence) -> dict[str, Any]:
    """Make every check, and return what was checked and counted.

    Args:
        evidence: What `evidence.gather` returned; what its protocol leaks by design is told and counted.

    Returns:
        The protocol, its verdict, how often each check found something, counts of each split; of a
        leaky protocol also the shares of test that train knows, and the first names of each leak.

    Raises:
        LeakError: Splits contradict each other or share what the protocol keeps apart; all of it is told.
    """
    protocol = evidence.split.protocol
    found = _examine(LEAKS | FAULTS, evidence)
    leaks = {kind: problems for kind, problems in found.items() if kind in TOLERATED[protocol]}
    fatal = {kind: problems for kind, problems in found.items() if kind not in leaks}
    if any(fatal.values()):
        raise LeakError(
            "The splits are not apart, and nothing can be learnt or judged on them",
            summarize([problem for problems in fatal.values() for problem in problems]),
            "Make the splits as they were, and remove files of your own there, with: dvc repro audit",
        )
    told = {
        "protocol": protocol,
        "verdict": VERDICTS[protocol],
        "found": {kind: len(problems) for kind, problems in found.items()},
        "splits": {split: _count(evidence.rows[evidence.rows["table"] == split]) for split in SPLITS},
        "groups_of_several_lesions": _joined(evidence.rows),
        "images_in_no_split": int((~evidence.merged["image_id"].isin(evidence.rows["image_id"])).sum()),
    }
    if VERDICTS[protocol] == "clean":
        return told
    known = _known(evidence.rows)
    _warn(protocol, known, leaks)
    names = {kind: [problem.name for problem in problems[:MAX_NAMES]] for kind, problems in leaks.items() if problems}
    return told | known | {"named": names}


def _examine(checks: Mapping[str, Check], evidence: Evidence) -> dict[str, list[Problem]]:
    return {kind: [Problem(kind, *finding) for finding in check(evidence)] for kind, check in checks.items()}


def _count(rows: pd.DataFrame) -> dict[str, int]:
    originals = rows["image_id"] == rows["source"]
    return {
        "images": int(originals.sum()),
        "copies": int((~originals).sum()),
        "lesions": int(rows["lesion_id"].nunique()),
        "groups": int(rows["group"].nunique()),
    }


def _joined(rows: pd.DataFrame) -> int:
    return int((rows.drop_duplicates("lesion_id")["group"].value_counts() > 1).sum())


def _known(rows: pd.DataFrame) -> dict[str, float]:
    """Return how much of test shows a lesion that is also in train; a copy is a image like others."""
    test = rows.loc[rows["table"] == "test", "lesion_id"]
    known = test.isin(rows.loc[rows["table"] == "train", "lesion_id"])
    return {
        "test_lesions_of_train": round(float(known[~test.duplicated()].mean()), 4),
        SHARED_LESIONS: round(float(known.mean()), 4),
    }


def _warn(protocol: str, known: Mapping[str, float], leaks: Mapping[str, list[Problem]]) -> None:
    names = [Problem(kind, problem.name) for kind, problems in leaks.items() for problem in problems]
    logger.warning(
        "leaky protocol: %s. %.0f %% of the test images show a lesion that is also in train.",
        protocol,
        100 * known[SHARED_LESIONS],
    )
    for line in summarize(names):
        logger.warning("  %s", line)
