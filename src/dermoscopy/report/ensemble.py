"""Whether the ensemble earns its place, and what it is made of.

Everyone's ROC AUC with its interval, as the page's strip shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

import pandas as pd

from dermoscopy.ensemble.combiners import SINGLE
from dermoscopy.report.formatting import KINDS, classifier, css, interval, known, probability, signed
from dermoscopy.report.inputs import Sources

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


BEST = 10  # candidates shown, of all


def about_ensemble(sources: Sources, confidence: float) -> dict[str, Any]:
    """Return what the templates tell of the ensemble, by the names they use.

    Args:
        sources: What other stages left.
        confidence: Of the intervals; p has to be below what it leaves.
    """
    comparisons = sources.judged["comparisons"]
    by_metric = {
        name: {(row["unit"], row["metric"]): row for row in rows.to_dict("records")}
        for name, rows in comparisons.groupby("reference")
    }
    members = list(sources.candidates.loc[sources.candidates["method"] == SINGLE, "members"])
    scores = sources.judged["scores"]
    baselines = list(scores.loc[scores["kind"] == "baseline", "name"].unique())
    others = [*members, *(name for name in baselines if name != LEAK)]
    gain = by_metric.get(sources.choice.best_member, {}).get(("lesion", "roc_auc"))
    return {
        "choice": sources.choice,
        "best_on_val": classifier(sources.choice.best_member),
        "gain": gain,
        "verdict": verdict(gain, classifier(sources.choice.best_member), 1 - confidence),
        "paired": [(classifier(name), css(name), by_metric[name]) for name in others if name in by_metric],
        "weights": _weights(sources, members),
        "candidates": _candidates(sources),
        "grown": _grown(sources.ensemble_sizes),
    }


def verdict(gain: dict[Any, Any] | None, best: str, level: float) -> str:
    """Return one sentence on whether the ensemble is better than its best member.

    Args:
        gain: The row of `tables.evaluation.COMPARISONS` of both ROC AUCs by lesion.
        best: The member's name.
        level: p has to be below it.
    """
    if gain is None or not known(gain["difference"]):
        return f"Whether it is better than its best member on val, {best}, this test split cannot tell."
    if gain["difference"] == 0 and gain["p"] == 1:
        return f"It is no better than its best member on val, {best}: it orders the lesions of test alike."
    numbers = (
        f"on the same lesions of test its ROC AUC differs by {signed(gain['difference'])} "
        f"({interval(gain['low'], gain['high'], signed)}; DeLong’s paired test, p {probability(gain['p'])})"
    )
    if known(gain["p"]) and gain["p"] < level:
        word = "is better" if gain["difference"] > 0 else "is worse"
        return f"The ensemble {word} than its best member on val, {best}: {numbers}."
    return f"A gain over its best member on val, {best}, cannot be told from none: {numbers}."


def _weights(sources: Sources, members: list[str]) -> list[tuple[str, str, float, list[float | None]]]:
    """Return, for each member, its accuracy on val and its weights in the ensemble and in every weighted way."""
    accuracy = sources.candidates[sources.candidates["method"] == SINGLE].set_index("members")["accuracy"]
    everyone = max(sources.candidates["members"], key=lambda joined: joined.count("+"))
    weight = sources.weights.set_index(["members", "method", "member"])["weight"].to_dict()
    ways = [
        ("+".join(sources.choice.members), sources.choice.method),
        *((everyone, method) for method in ("accuracy_weighted", "log_loss_weighted", "stacking")),
    ]
    return [
        (classifier(name), css(name), float(accuracy[name]), [weight.get((*way, name)) for way in ways])
        for name in members
    ]


def _candidates(sources: Sources) -> list[dict[str, Any]]:
    """Return the candidates with the lowest log loss on val, with what each does on test."""
    subsets = sources.judged["subsets"].set_index(["members", "method", "metric"])[["value", "low", "high"]]
    on_test = subsets.to_dict("index")
    best = sources.candidates.sort_values(["log_loss", "size"]).head(BEST)
    return [
        {
            "members": " + ".join(map(classifier, row["members"].split("+"))),
            "method": classifier(row["method"]).lower(),
            "log_loss": row["log_loss"],
            "roc_auc": row["roc_auc"],
            "test": on_test.get((row["members"], row["method"], "roc_auc"), {}),
            "accuracy": on_test.get((row["members"], row["method"], "accuracy"), {}),
        }
        for row in best.to_dict("records")
    ]


def _grown(ensemble_sizes: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each first member, the added ones and the accuracy on test of every way and size."""
    found = []
    on_test = ensemble_sizes[ensemble_sizes["split"] == "test"]
    for _, rows in sorted(on_test.groupby("start"), key=lambda group: -group[1]["size"].max()):
        added = rows.drop_duplicates("size").sort_values("size")["added"]
        ways = {
            classifier(str(method)): of.sort_values("size")[["accuracy", "low", "high"]].to_dict("records")
            for method, of in rows.groupby("method")
        }
        found.append({"added": [classifier(name) for name in added], "ways": ways})
    return found
