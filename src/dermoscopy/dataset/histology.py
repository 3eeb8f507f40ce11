"""The test part, restricted to lesions that histology confirmed."""

import logging

import pandas as pd

from dermoscopy.errors import ParameterError
from dermoscopy.tables.parts import LABELS

logger = logging.getLogger(__name__)

HISTOLOGY = "histo"  # dx_type of a photograph whose lesion a pathologist has seen


def confirmed(merged: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether each photograph shows a lesion that histology confirmed.

    It confirms a lesion, not a photograph: one photograph that says so is enough. (In HAM10000 no
    lesion's photographs disagree.)

    Args:
        merged: All photographs; columns `lesion_id`, `dx_type`.
    """
    return merged["lesion_id"].isin(merged.loc[merged["dx_type"] == HISTOLOGY, "lesion_id"])


def keep_confirmed(test: pd.DataFrame, merged: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of lesions that histology confirmed.

    Args:
        test: Rows of the test part; columns `lesion_id`, `label`.
        merged: All photographs; columns `lesion_id`, `dx_type`.

    Raises:
        ParameterError: A label has no such lesion.
    """
    kept = test[test["lesion_id"].isin(merged.loc[confirmed(merged), "lesion_id"])]
    gaps = [
        f"test keeps no {name} photograph of {(test['label'] == label).sum()}"
        for label, name in enumerate(LABELS)
        if not (kept["label"] == label).any()
    ]
    if gaps:
        raise ParameterError(
            f"Too few lesions of the test part were confirmed by histology (dx_type {HISTOLOGY})",
            gaps,
            "Set split.test_histo_only to false, or raise split.test.",
        )
    logger.info("test keeps %s of %s pictures, of lesions that histology confirmed", f"{len(kept):,}", f"{len(test):,}")
    return kept
