"""What the parts consist of, in numbers."""

from typing import Any

import pandas as pd

from dermoscopy.params.policy import DIAGNOSES
from dermoscopy.tables.parts import LABELS, PARTS
from dermoscopy.tables.table import Table

# plots/parts.csv: the photographs and lesions of each diagnosis, without copies.
COUNTS = Table(
    columns={"part": "str", "label": "str", "dx": "str", "images": "int64", "lesions": "int64"},
    order=("part", "label", "dx"),
)
MISSING = ("", "unknown")
MANY = 4  # photographs of one lesion; the published archive has 43 lesions of four to six


def count(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the photographs and lesions of each part, label and diagnosis; columns of `COUNTS`.

    Args:
        rows: Originals, columns of `PART`.
    """
    named = rows.assign(label=rows["label"].map(dict(enumerate(LABELS))))
    by = named.groupby(["part", "label", "dx"], as_index=False)
    return by.agg(images=("image_id", "size"), lesions=("lesion_id", "nunique"))


def describe(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the data report's numbers.

    Args:
        rows: Originals, columns of `PART`.

    Returns:
        images and lesions (in all, of each part and label, of each diagnosis), prevalence (share
        of photographs that are malignant), lesions by their number of photographs, and
        photographs whose age, sex or localization is missing.
    """
    per_lesion = rows.groupby("lesion_id").size().clip(upper=MANY)
    numbers = {str(number): number for number in range(1, MANY)} | {f"{MANY} or more": MANY}
    return {
        "images": {"all": len(rows), **_by_part(rows)},
        "lesions": {"all": int(rows["lesion_id"].nunique()), **_by_part(rows.drop_duplicates("lesion_id"))},
        "prevalence": {
            "all": round(float(rows["label"].mean()), 4),
            **{part: round(float(rows.loc[rows["part"] == part, "label"].mean()), 4) for part in PARTS},
        },
        "images_by_dx": {dx: int((rows["dx"] == dx).sum()) for dx in DIAGNOSES},
        "lesions_by_photographs": {name: int((per_lesion == number).sum()) for name, number in numbers.items()},
        "missing": {
            "age": int(rows["age"].isna().sum()),
            "sex": int(rows["sex"].isin(MISSING).sum()),
            "localization": int(rows["localization"].isin(MISSING).sum()),
        },
    }


def _by_part(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    counts = rows.groupby(["part", "label"]).size()
    return {part: {name: int(counts.get((part, value), 0)) for value, name in enumerate(LABELS)} for part in PARTS}
