"""Accuracy of the ensemble as members are added, as in figures 5 and 6 of the paper: tables and charts."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from dermoscopy.ensemble.params import SINGLE
from dermoscopy.report.colours import css
from dermoscopy.report.figure import Chart, Dot, Line, Scale, Tick, path, ticks
from dermoscopy.report.formatting import classifier, is_finite, rate
from dermoscopy.report.inputs import Sources

DRAWN = "accuracy_weighted"  # the method that the paper keeps
HEIGHT, WIDE = 250, 88  # pixels: height of a chart, and width for each member
ASIDE = 7  # pixels from the middle to the member at the left, and to the ensemble at the right


@dataclass(frozen=True)
class Order:
    """An order in which members are added.

    Attributes:
        added: Display names of the members in this order.
        methods: Method to its accuracy, low and high by number of members.
        chart: Accuracy of the members and of the ensemble of those up to each; None if there is one member only.
    """

    added: list[str]
    methods: dict[str, list[dict[Any, Any]]]
    chart: Chart | None


def ensemble_sizes(sources: Sources, threshold: float, suffix: str) -> list[Order]:
    """Return the orders in which members are added, the one with all members first.

    Args:
        sources: Outputs of the other stages.
        threshold: Threshold of the accuracy, before calibration.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
    """
    rows = sources.ensemble_sizes
    on_test = rows[rows["split"] == "test"]
    subsets = sources.evaluation["subsets"]
    alone = subsets[(subsets["method"] == SINGLE) & (subsets["metric"] == "accuracy")].set_index("members")
    drawn = on_test[on_test["method"] == DRAWN]
    bounds = [
        *alone[["value", "low", "high"]].to_numpy().ravel(),
        *drawn[["accuracy", "low", "high"]].to_numpy().ravel(),
    ]
    finite = [float(value) for value in bounds if is_finite(value)] or [0.0, 1.0]
    low, high = floor(min(finite) * 20) / 20, ceil(max(finite) * 20) / 20
    limits = Limits(low, max(high, low + 0.05), int(on_test["size"].max()))
    orders: list[Order] = []
    for _, own in sorted(on_test.groupby("start"), key=lambda group: -group[1]["size"].max()):
        added = list(own.drop_duplicates("size").sort_values("size")["added"])
        methods = {
            str(method): sizes.sort_values("size")[["accuracy", "low", "high"]].to_dict("records")
            for method, sizes in own.groupby("method")
        }
        title = (
            f"Accuracy on the test split, by image, at the threshold {threshold:g} before calibration, as members are "
            f"added{', without the first' if orders else ''}{suffix}"
        )
        chart = None
        if len(added) > 1:
            members = alone.loc[added].rename(columns={"value": "accuracy"})
            chart = size_chart(added, members.to_dict("records"), methods[DRAWN], limits, title)
        named = {classifier(method): sizes for method, sizes in methods.items()}
        orders.append(Order([classifier(name) for name in added], named, chart))
    return orders


@dataclass(frozen=True)
class Limits:
    """Limits that all charts have in common, so that they can be compared.

    Attributes:
        low: Lowest accuracy.
        high: Highest accuracy.
        members: Largest number of members.
    """

    low: float
    high: float
    members: int


def size_chart(
    added: list[str], alone: list[dict[Any, Any]], ensemble: list[dict[Any, Any]], limits: Limits, title: str
) -> Chart:
    """Draw the accuracy of each member, and of the ensemble of the members up to it, with intervals.

    Args:
        added: Names of the members in the order in which they are added.
        alone: Accuracy, low and high of each member.
        ensemble: Accuracy, low and high of the ensemble by number of members.
        limits: Limits that all charts have in common.
        title: Title of the chart.
    """
    width = 70 + WIDE * limits.members
    x, y = Scale(0.5, len(added) + 0.5, 58, width - 8), Scale(limits.low, limits.high, HEIGHT - 44, 12)
    lines, dots = [], []
    for position, (name, of_member, of_all) in enumerate(zip(added, alone, ensemble, strict=True), 1):
        for row, aside, colour in ((of_member, -ASIDE, css(name)), (of_all, ASIDE, "c-ensemble")):
            at = round(x(position) + aside, 1)
            if is_finite(row["low"]) and is_finite(row["high"]):
                lines.append(Line(f"M{at:g} {y(row['low']):g}L{at:g} {y(row['high']):g}", "whisker"))
            if is_finite(row["accuracy"]):
                dots.append(Dot(at, y(row["accuracy"]), colour))
    shifted = Scale(x.low, x.high, x.start + ASIDE, x.end + ASIDE)
    values = [row["accuracy"] for row in ensemble]
    lines.append(Line(path(range(1, len(values) + 1), values, shifted, y), "c-ensemble"))
    names = [classifier(name) for name in added]
    described = ", ".join(f"{number} {rate(value)}" for number, value in enumerate(values, 1))
    members = ", ".join(f"{name} {rate(row['accuracy'])}" for name, row in zip(names, alone, strict=True))
    return Chart(
        title=title,
        alt=f"Ensemble by number of members: {described}. Members alone: {members}.",
        width=width,
        height=HEIGHT,
        x_label="members of the ensemble",
        y_label="accuracy",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(number), f"{'+ ' if number > 1 else ''}{name}") for number, name in enumerate(names, 1)],
        y_ticks=[Tick(y(value), f"{value:g}") for value in ticks(limits.low, limits.high, 6)],
        lines=lines,
        dots=dots,
    )
