"""Comparison of the ensemble with members and baselines, and the choice of its members and method."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

import pandas as pd

from dermoscopy.ensemble.params import SINGLE
from dermoscopy.evaluate.tables import LEAK
from dermoscopy.report.colours import css
from dermoscopy.report.formatting import KINDS, classifier, interval, is_finite, probability, signed
from dermoscopy.report.inputs import Sources


@dataclass(frozen=True)
class Interval:
    """ROC AUC of a classifier, and its position on the strip of the table.

    Attributes:
        name: Display name.
        css: CSS class of the colour.
        value: ROC AUC.
        low: Lower bound of the interval.
        high: Upper bound of the interval.
        position: Position of the value in percent of the strip; None if there is no value.
        left: Position of the lower bound in percent of the strip; None if there is no interval.
        width: Width of the interval in percent of the strip; None if there is no interval.
        within: ROC AUC within source with the bounds of its interval; None if no sources are known.
        ring: Position of the ROC AUC within source in percent of the strip; None if there is no value.
    """

    name: str
    css: str
    value: float | None
    low: float | None
    high: float | None
    position: float | None
    left: float | None
    width: float | None
    within: tuple[float | None, float | None, float | None] | None
    ring: float | None


@dataclass(frozen=True)
class Intervals:
    """ROC AUC of all classifiers, grouped by kind.

    Attributes:
        groups: Heading to its classifiers.
        ticks: Values and their positions in percent of the strip.
        within: Whether there are ROC AUCs within source.
    """

    groups: Mapping[str, list[Interval]]
    ticks: list[tuple[float, float]]
    within: bool

    @property
    def coloured(self) -> list[Interval]:
        """Classifiers with their own colour: the ensemble and its members."""
        return [interval for rows in self.groups.values() for interval in rows if interval.css != css("")]


def intervals(roc_auc: pd.DataFrame) -> Intervals:
    """Group ROC AUC by kind, the highest first, on one strip that contains all intervals.

    Args:
        roc_auc: Rows of `evaluate.chart_tables.ROC_AUC`.
    """
    within = [name for name in WITHIN if name in roc_auc]
    bounds = pd.concat([roc_auc["value"], roc_auc["low"], *(roc_auc[name] for name in within[:1])]).dropna()
    start = floor(min([0.5, *bounds]) * 10) / 10

    def position(value: float | None) -> float | None:
        return round(100 * (value - start) / (1 - start), 2) if value is not None and is_finite(value) else None

    def placed(row: Mapping[Any, Any]) -> Interval:
        name, value, low, high = (row[key] for key in ("name", "value", "low", "high"))
        left, right = position(low), position(high)
        width = round(right - left, 2) if left is not None and right is not None else None
        of_source = (row[WITHIN[0]], row[WITHIN[1]], row[WITHIN[2]]) if within else None
        ring = position(of_source[0]) if of_source else None
        return Interval(classifier(name), css(name), value, low, high, position(value), left, width, of_source, ring)

    groups = {}
    for kind, heading in KINDS.items():
        rows = roc_auc[roc_auc["kind"] == kind].sort_values(["value", "name"], ascending=[False, True])
        if len(rows):
            groups[heading] = [placed(row) for row in rows.to_dict("records")]
    steps = round((1 - start) * 10)
    marks = [round(start + step / 10, 1) for step in range(steps + 1)]
    return Intervals(groups, [(mark, position(mark) or 0.0) for mark in marks], bool(within))


def best(roc_auc: pd.DataFrame, kind: str) -> dict[str, Any] | None:
    """Return the classifier of a kind with the highest ROC AUC, excluding the baseline that leaks the label.

    Returns:
        name, value, low and high, and these within source; None if there is no such classifier.
    """
    rows = roc_auc[(roc_auc["kind"] == kind) & (roc_auc["name"] != LEAK)].dropna(subset="value")
    if rows.empty:
        return None
    row = rows.sort_values(["value", "name"], ascending=[False, True]).iloc[0]
    within = {name: row[name] for name in WITHIN if name in row}
    return {"name": classifier(row["name"]), "value": row["value"], "low": row["low"], "high": row["high"], **within}


def of_baseline(roc_auc: pd.DataFrame, name: str) -> dict[str, Any] | None:
    """Return value, low and high of a baseline's ROC AUC; None if it was not predicted."""
    rows = roc_auc[(roc_auc["kind"] == "baseline") & (roc_auc["name"] == name)]
    return None if rows.empty else {bound: rows[bound].iloc[0] for bound in ("value", "low", "high")}


WITHIN = ("within_source", "within_low", "within_high")  # columns of `evaluate.chart_tables.ROC_AUC`

BEST = 10  # number of candidates shown


def about_ensemble(sources: Sources, confidence: float) -> dict[str, Any]:
    """Return the values that the templates show about the ensemble.

    Args:
        sources: Outputs of the other stages.
        confidence: Confidence level of the intervals; the significance level is 1 - confidence.
    """
    comparisons = sources.evaluation["comparisons"]
    by_metric = {
        name: {(row["unit"], row["metric"]): row for row in rows.to_dict("records")}
        for name, rows in comparisons.groupby("reference")
    }
    members = list(sources.candidates.loc[sources.candidates["method"] == SINGLE, "members"])
    scores = sources.evaluation["scores"]
    baselines = list(scores.loc[scores["kind"] == "baseline", "name"].unique())
    references = [*members, *(name for name in baselines if name != LEAK)]
    gain = by_metric.get(sources.choice.best_member, {}).get(("lesion", "roc_auc"))
    return {
        "choice": sources.choice,
        "val_roc_auc": _val_roc_auc(sources),
        "best_on_val": classifier(sources.choice.best_member),
        "gain": gain,
        "verdict": verdict(gain, classifier(sources.choice.best_member), 1 - confidence),
        "paired": [(classifier(name), css(name), by_metric[name]) for name in references if name in by_metric],
        "weights": _weights(sources, members),
        "candidates": _candidates(sources),
    }


def verdict(gain: dict[Any, Any] | None, best: str, level: float) -> str:
    """Return a sentence on whether the ensemble is better than its best member.

    Args:
        gain: Row of `evaluate.tables.COMPARISONS`: difference in ROC AUC by lesion.
        best: Display name of the best member on the validation split.
        level: Significance level: p must be below it.
    """
    if gain is None or not is_finite(gain["difference"]):
        return f"This test split cannot show whether the ensemble is better than {best}, its best member on val."
    if gain["difference"] == 0 and gain["p"] == 1:
        return f"The ensemble is not better than {best}, its best member on val: both rank the test lesions alike."
    numbers = (
        f"on the same test lesions, its ROC AUC by lesion differs by {signed(gain['difference'])} "
        f"({interval(gain['low'], gain['high'], signed)}; DeLong’s paired test, p {probability(gain['p'])})"
    )
    if is_finite(gain["p"]) and gain["p"] < level:
        comparison = "better" if gain["difference"] > 0 else "worse"
        return f"The ensemble is significantly {comparison} than {best}, its best member on val: {numbers}."
    return f"The ensemble is not significantly better than {best}, its best member on val: {numbers}."


def _val_roc_auc(sources: Sources) -> float:
    """Return the ROC AUC of the ensemble on out-of-fold images of val."""
    roc_auc = sources.candidates.set_index(["members", "method"])["roc_auc"].to_dict()
    return float(roc_auc["+".join(sources.choice.members), sources.choice.method])


def _weights(sources: Sources, members: list[str]) -> list[tuple[str, str, float, list[float | None]]]:
    """Return the accuracy of each member on val, and its weights in the ensemble and in all weighted methods."""
    accuracy = sources.candidates[sources.candidates["method"] == SINGLE].set_index("members")["accuracy"]
    all_members = max(sources.candidates["members"], key=lambda joined: joined.count("+"))
    weight = sources.weights.set_index(["members", "method", "member"])["weight"].to_dict()
    combinations = [
        ("+".join(sources.choice.members), sources.choice.method),
        *((all_members, method) for method in ("accuracy_weighted", "log_loss_weighted", "stacking")),
    ]
    return [
        (
            classifier(name),
            css(name),
            float(accuracy[name]),
            [weight.get((*combination, name)) for combination in combinations],
        )
        for name in members
    ]


def _candidates(sources: Sources) -> list[dict[str, Any]]:
    """Return the candidates with the lowest log loss on val, with their metrics on test."""
    subsets = sources.evaluation["subsets"].set_index(["members", "method", "metric"])[["value", "low", "high"]]
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
