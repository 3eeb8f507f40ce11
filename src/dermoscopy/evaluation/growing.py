"""The ensemble with every added member, as the paper's figures 5 and 6 show it."""

from collections.abc import Sequence

import pandas as pd

from dermoscopy.evaluation.chosen import ALONE
from dermoscopy.evaluation.combiners import METHODS


def grow(candidates: pd.DataFrame, subsets: pd.DataFrame, best: str, protocol: str) -> pd.DataFrame:
    """Return the ensemble with every added member, the most accurate on val first, with and without that first.

    Args:
        candidates: Rows of `tables.ensemble.CANDIDATES`.
        subsets: Rows of `tables.evaluation.SUBSETS`.
        best: The best member on val; where only one counts, that one.
        protocol: How the parts were drawn.

    Returns:
        Rows of `tables.charts.GROWING`.
    """
    everyone = max(candidates["members"], key=lambda joined: joined.count("+"))
    members = everyone.split("+") if "+" in everyone else [best]
    alone = candidates[candidates["method"] == ALONE].set_index("members")["accuracy"].to_dict()
    order = sorted(members, key=lambda member: -alone[member])
    starts = [order, order[1:]] if len(order) > 1 else [order]
    steps = pd.DataFrame([step for grown in starts for step in _steps(grown, members)])
    both = pd.concat([_on_val(candidates), _on_test(subsets)], ignore_index=True)
    return steps.merge(both, on=["members", "way"]).drop(columns=["members", "way"]).assign(protocol=protocol)


def _steps(grown: Sequence[str], members: Sequence[str]) -> list[dict[str, object]]:
    return [
        {
            "start": grown[0],
            "size": size,
            "added": grown[size - 1],
            "method": method,
            "members": "+".join(member for member in members if member in grown[:size]),
            "way": method if size > 1 else ALONE,
        }
        for size in range(1, len(grown) + 1)
        for method in METHODS
    ]


def _on_val(candidates: pd.DataFrame) -> pd.DataFrame:
    rows = candidates[["members", "method", "accuracy", "roc_auc"]].rename(columns={"method": "way"})
    return rows.assign(part="val", low=float("nan"), high=float("nan"))


def _on_test(subsets: pd.DataFrame) -> pd.DataFrame:
    keys = ["members", "method"]
    of = {metric: rows.set_index(keys) for metric, rows in subsets.groupby("metric")}
    rows = of["accuracy"][["value", "low", "high"]].rename(columns={"value": "accuracy"})
    return rows.assign(roc_auc=of["roc_auc"]["value"], part="test").reset_index().rename(columns={"method": "way"})
