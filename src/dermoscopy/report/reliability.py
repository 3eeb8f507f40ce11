"""Whether probabilities mean what they say."""

from typing import Any

import pandas as pd

from dermoscopy.report.frame import Chart, Dot, Line, Scale, Tick, path
from dermoscopy.report.sources import Sources

WIDTH = HEIGHT = 340
STEPS = (0, 0.25, 0.5, 0.75, 1)
DRAWN = {"before": "c-other", "after": "c-ensemble"}


def about_probabilities(sources: Sources, suffix: str) -> dict[str, Any]:
    """Return what the templates tell of calibration, by the names they use.

    Args:
        sources: What other stages left.
        suffix: Of every title.
    """
    losses: dict[str, dict[str, dict[str, float]]] = {}
    for row in sources.judged["calibration"].to_dict("records"):
        losses.setdefault(row["name"], {})[row["metric"]] = {key: row[key] for key in ("value", "low", "high")}
    bins = sources.judged["reliability"]
    return {
        "losses": losses,
        "reliability": reliability_chart(bins, f"Reliability on the test part{suffix}"),
        "bins": bins[bins["name"] == "after"].to_dict("records"),
        "drawn": list(DRAWN.items()),
    }


def reliability_chart(bins: pd.DataFrame, title: str) -> Chart:
    """Draw the share of malignant lesions over their mean probability, bin by bin.

    Args:
        bins: Rows of `tables.evaluation.RELIABILITY`.
        title: Of the chart.
    """
    x, y = Scale(0, 1, 52, WIDTH - 14), Scale(0, 1, HEIGHT - 48, 12)
    lines = [Line(path([0, 1], [0, 1], x, y), "chance")]
    after = bins[bins["name"] == "after"]
    for row in after.to_dict("records"):
        lines.append(Line(path([row["probability"]] * 2, [row["low"], row["high"]], x, y), "whisker"))
    for name, css in DRAWN.items():
        rows = bins[bins["name"] == name].sort_values("start")
        lines.append(Line(path(rows["probability"], rows["malignant"], x, y), css))
    dots = [Dot(x(row["probability"]), y(row["malignant"]), "c-ensemble") for row in after.to_dict("records")]
    return Chart(
        title=title,
        alt="Share of malignant lesions over the probability given to them, before and after calibration; "
        "the diagonal is perfect.",
        width=WIDTH,
        height=HEIGHT,
        x_label="mean probability of the bin",
        y_label="share that is malignant",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(step), f"{step:g}") for step in STEPS],
        lines=lines,
        dots=dots,
    )
