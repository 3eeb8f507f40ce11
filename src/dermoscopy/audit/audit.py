"""Check that no lesion, image, group or augmented image leaks between splits, in the tables and on disk."""

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dermoscopy.audit.checks import FAULTS, LEAKS, TOLERATED
from dermoscopy.audit.evidence import Check, Evidence
from dermoscopy.core.errors import MAX_NAMES, LeakError
from dermoscopy.core.protocol import SHARED_LESIONS, VERDICTS
from dermoscopy.core.splits import SPLITS
from dermoscopy.ham10000.problems import Problem, summarize

logger = logging.getLogger(__name__)


def audit(evidence: Evidence) -> dict[str, Any]:
    """Run every check, and return what was checked and counted.

    Args:
        evidence: Result of `evidence.gather`. Leaks that its protocol makes by design are logged and counted.

    Returns:
        The protocol, its verdict, the number of findings of each check, counts of each split. For a
        leaky protocol also the proportions of test whose lesion is in train, and the first names of each leak.

    Raises:
        LeakError: Splits contradict each other or share what the protocol keeps apart. It lists all findings.
    """
    protocol = evidence.settings.protocol
    found = _run_checks(LEAKS | FAULTS, evidence)
    leaks = {kind: problems for kind, problems in found.items() if kind in TOLERATED[protocol]}
    fatal = {kind: problems for kind, problems in found.items() if kind not in leaks}
    if any(fatal.values()):
        raise LeakError(
            "Data leakage between splits, or splits that contradict each other",
            summarize([problem for problems in fatal.values() for problem in problems]),
            "Write the splits again, and remove your own files from their folders, with: dvc repro audit",
        )
    audited = {
        "protocol": protocol,
        "verdict": VERDICTS[protocol],
        "found": {kind: len(problems) for kind, problems in found.items()},
        "splits": {split: _count(evidence.rows[evidence.rows["table"] == split]) for split in SPLITS},
        "groups_of_several_lesions": _groups_of_several_lesions(evidence.rows),
        "images_in_no_split": int((~evidence.merged["image_id"].isin(evidence.rows["image_id"])).sum()),
    }
    if VERDICTS[protocol] == "clean":
        return audited
    shared = _shared_with_train(evidence.rows)
    _warn(protocol, shared, leaks)
    examples = {
        kind: [problem.name for problem in problems[:MAX_NAMES]] for kind, problems in leaks.items() if problems
    }
    return audited | shared | {"examples": examples}


def _run_checks(checks: Mapping[str, Check], evidence: Evidence) -> dict[str, list[Problem]]:
    return {kind: [Problem(kind, *finding) for finding in check(evidence)] for kind, check in checks.items()}


def _count(rows: pd.DataFrame) -> dict[str, int]:
    originals = rows["image_id"] == rows["source"]
    return {
        "images": int(originals.sum()),
        "augmented": int((~originals).sum()),
        "lesions": int(rows["lesion_id"].nunique()),
        "groups": int(rows["group"].nunique()),
    }


def _groups_of_several_lesions(rows: pd.DataFrame) -> int:
    return int((rows.drop_duplicates("lesion_id")["group"].value_counts() > 1).sum())


def _shared_with_train(rows: pd.DataFrame) -> dict[str, float]:
    """Return the proportions of test's lesions and images whose lesion is in train; augmented images count too."""
    test = rows.loc[rows["table"] == "test", "lesion_id"]
    shared = test.isin(rows.loc[rows["table"] == "train", "lesion_id"])
    return {
        "test_lesions_of_train": round(float(shared[~test.duplicated()].mean()), 4),
        SHARED_LESIONS: round(float(shared.mean()), 4),
    }


def _warn(protocol: str, shared: Mapping[str, float], leaks: Mapping[str, list[Problem]]) -> None:
    names = [Problem(kind, problem.name) for kind, problems in leaks.items() for problem in problems]
    logger.warning(
        "leaky protocol: %s. %.0f %% of the test images show a lesion that is also in train.",
        protocol,
        100 * shared[SHARED_LESIONS],
    )
    for line in summarize(names):
        logger.warning("  %s", line)
