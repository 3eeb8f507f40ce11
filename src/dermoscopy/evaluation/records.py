"""Candidates as tables, and back."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dermoscopy.evaluation.calibration import Calibration
from dermoscopy.evaluation.candidates import Candidate
from dermoscopy.evaluation.combiners import Combiner
from dermoscopy.evaluation.weighted import calls, roc_auc
from dermoscopy.tables.ensemble import CANDIDATES, WEIGHTS


def candidate_rows(label: NDArray[np.int64], candidates: Sequence[Candidate]) -> pd.DataFrame:
    """Return rows of `tables.ensemble.CANDIDATES`.

    Args:
        label: 0 benign, 1 malignant, of photographs of val; shape (rows,).
        candidates: Fitted there.
    """
    once = np.ones((1, len(label)))
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
                "roc_auc": roc_auc(label, one.left_out, once)[0],
                "accuracy": calls(label, one.left_out >= one.cut, once)["accuracy"][0],
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
