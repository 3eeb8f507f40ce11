"""The chart of ages."""

import pandas as pd

from dermoscopy.report.frame import Chart, Line, Scale, Tick, path, ticks
from dermoscopy.report.numbers import percent
from dermoscopy.tables.parts import LABELS

WIDTH, HEIGHT = 380, 230


def age_chart(by_label: pd.DataFrame, title: str) -> Chart:
    """Draw the ages of each label as a frequency polygon, by ten years.

    Shares of the label, so that both can be compared however rare one is; a label's unknown ages
    are in no point.

    Args:
        by_label: Rows of `tables.data_charts.BY_LABEL`.
        title: Of the chart.
    """
    rows = by_label[by_label["age"].str.contains("-")]
    bounds = rows["age"].str.split("-", expand=True).reindex(columns=[0, 1]).astype("float64")
    rows = rows.assign(first=bounds[0], end=bounds[1] + 1).sort_values("first")
    start, end = (rows["first"].min(), rows["end"].max()) if len(rows) else (0.0, 100.0)
    top = max([0.1, *rows["share"]]) * 1.05
    x, y = Scale(start, end, 46, WIDTH - 10), Scale(0, top, HEIGHT - 44, 12)
    of = {label: rows[rows["label"] == label] for label in LABELS}
    peaks = [ages.sort_values("share").iloc[-1] for ages in of.values() if len(ages)]
    most = ", ".join(f"{peak['label']} most often {peak['age']} years ({percent(peak['share'])})" for peak in peaks)
    return Chart(
        title=title,
        alt=f"Share of each label's photographs by ten years of age; {most or 'no age is known'}.",
        width=WIDTH,
        height=HEIGHT,
        x_label="age in years",
        y_label="share of the label's photographs",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(age), f"{age:g}") for age in ticks(start, end, 10)],
        y_ticks=[Tick(y(share), percent(share)) for share in ticks(0, top, 5)],
        lines=[
            Line(path((ages["first"] + ages["end"]) / 2, ages["share"], x, y), f"label-{label}")
            for label, ages in of.items()
        ],
    )
