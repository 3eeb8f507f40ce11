"""The chart of the ROC curves."""

import pandas as pd

from dermoscopy.report.frame import Chart, Dot, Line, Scale, Tick, path
from dermoscopy.report.names import css

WIDTH = HEIGHT = 380
STEPS = (0, 0.25, 0.5, 0.75, 1)


def roc_chart(curves: pd.DataFrame, operating: tuple[float, float] | None, title: str, alt: str) -> Chart:
    """Draw the ROC curves of members and ensemble.

    Args:
        curves: Rows of `tables.charts.ROC`.
        operating: 1 - specificity and sensitivity of the ensemble at its threshold, if they are defined.
        title: Of the chart.
        alt: What one sees.
    """
    x, y = Scale(0, 1, 52, WIDTH - 14), Scale(0, 1, HEIGHT - 48, 12)
    # The ensemble last, so that it lies over its members.
    ordered = sorted(curves.groupby("name", sort=True), key=lambda group: group[0] == "ensemble")
    lines = [Line(path([0, 1], [0, 1], x, y), "chance")]
    lines += [Line(path(rows["fpr"], rows["tpr"], x, y), css(str(name))) for name, rows in ordered]
    dots = [Dot(x(operating[0]), y(operating[1]), "c-ensemble")] if operating else []
    return Chart(
        title=title,
        alt=alt,
        width=WIDTH,
        height=HEIGHT,
        x_label="1 − specificity (share of benign called malignant)",
        y_label="sensitivity (share of malignant found)",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(step), f"{step:g}") for step in STEPS],
        lines=lines,
        dots=dots,
    )
