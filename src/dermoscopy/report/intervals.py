"""Everyone's ROC AUC with its interval, as the page's strip shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

import pandas as pd

from dermoscopy.report.names import KINDS, classifier, css
from dermoscopy.report.numbers import known

LEAK = "dx_type"  # what it tells is how the diagnosis was made, which nobody knows beforehand


@dataclass(frozen=True)
class Interval:
    """One classifier's ROC AUC, and where it stands on the strip of the table.

    Attributes:
        name: As one reads it.
        css: The class of its colour.
        value: ROC AUC.
        low: Of its interval.
        high: Of its interval.
        at: Place of the value, in percent of the strip; None where there is none.
        left: Place of the low bound; None where there is no interval.
        width: Of the interval.
    """

    name: str
    css: str
    value: float | None
    low: float | None
    high: float | None
    at: float | None
    left: float | None
    width: float | None


@dataclass(frozen=True)
class Intervals:
    """ROC AUC of everyone, grouped by kind.

    Attributes:
        groups: Heading to its classifiers.
        ticks: Value and its place in percent of the strip.
    """

    groups: Mapping[str, list[Interval]]
    ticks: list[tuple[float, float]]

    @property
    def coloured(self) -> list[Interval]:
        """Those that have a colour of their own: the ensemble and its members."""
        return [one for rows in self.groups.values() for one in rows if one.css != css("")]


def intervals(roc_auc: pd.DataFrame) -> Intervals:
    """Group ROC AUC by kind, the best of a kind first, on one strip that holds every interval.

    Args:
        roc_auc: Rows of `tables.charts.ROC_AUC`.
    """
    bounds = pd.concat([roc_auc["value"], roc_auc["low"]]).dropna()
    start = floor(min([0.5, *bounds]) * 10) / 10

    def place(value: float | None) -> float | None:
        return round(100 * (value - start) / (1 - start), 2) if value is not None and known(value) else None

    def one(row: Mapping[Any, Any]) -> Interval:
        name, value, low, high = (row[key] for key in ("name", "value", "low", "high"))
        left, right = place(low), place(high)
        width = round(right - left, 2) if left is not None and right is not None else None
        return Interval(classifier(name), css(name), value, low, high, place(value), left, width)

    groups = {}
    for kind, heading in KINDS.items():
        rows = roc_auc[roc_auc["kind"] == kind].sort_values(["value", "name"], ascending=[False, True])
        if len(rows):
            groups[heading] = [one(row) for row in rows.to_dict("records")]
    steps = round((1 - start) * 10)
    marks = [round(start + step / 10, 1) for step in range(steps + 1)]
    return Intervals(groups, [(mark, place(mark) or 0.0) for mark in marks])


def best(roc_auc: pd.DataFrame, kind: str) -> dict[str, Any] | None:
    """Return the classifier of a kind with the highest ROC AUC, the leaked diagnosis type apart.

    Returns:
        name, value, low and high; None where there is none.
    """
    rows = roc_auc[(roc_auc["kind"] == kind) & (roc_auc["name"] != LEAK)].dropna(subset="value")
    if rows.empty:
        return None
    row = rows.sort_values(["value", "name"], ascending=[False, True]).iloc[0]
    return {"name": classifier(row["name"]), "value": row["value"], "low": row["low"], "high": row["high"]}
