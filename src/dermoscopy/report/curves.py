"""The charts of accuracy, ROC AUC and loss by epoch, small, one a member."""

from collections.abc import Mapping
from math import floor
from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.report.frame import Chart, Line, Scale, Tick, path, ticks
from dermoscopy.report.names import classifier, css
from dermoscopy.report.numbers import known, rate

WIDTH, HEIGHT = 240, 180
PARTS = {"train": "training", "val": "validation"}
METRICS = {"accuracy": "accuracy", "roc_auc": "ROC AUC", "loss": "loss"}


def curve_charts(
    curves: pd.DataFrame, chosen: Mapping[Any, Mapping[str, Any]], metric: str, suffix: str
) -> list[Chart]:
    """Draw one metric by epoch, training and validation, a chart a member.

    Args:
        curves: Rows of `tables.charts.CURVES`.
        chosen: Member to what is known of its chosen epoch (metrics/train).
        metric: "accuracy" or "roc_auc", on one scale for all members, or "loss", on each member's own.
        suffix: Of every title.
    """
    charts = []
    for name in chosen:
        rows = curves[curves["name"] == name]
        seen = rows if metric == "loss" else curves
        charts.append(_chart(str(name), rows, chosen[name], metric, seen[metric], suffix))
    return charts


def _chart(
    name: str,
    rows: pd.DataFrame,
    chosen: Mapping[str, Any],
    metric: str,
    seen: "pd.Series[float]",
    suffix: str,
) -> Chart:
    epochs = max([2, *rows["epoch"]])
    x = Scale(1, float(epochs), 34, WIDTH - 6)
    low, high = _range(seen, metric)
    y = Scale(low, high, HEIGHT - 40, 12)
    parts = {part: rows[rows["part"] == part].sort_values("epoch") for part in PARTS}
    lines = [
        Line(path(values["epoch"], values[metric], x, y), f"{css(name)} part-{part}") for part, values in parts.items()
    ]
    epoch = chosen.get("epoch")
    last = ", ".join(f"{PARTS[part]} {rate(values[metric].iloc[-1])}" for part, values in parts.items() if len(values))
    return Chart(
        title=f"{classifier(name)}: {METRICS[metric]}{suffix}",
        alt=f"{METRICS[metric]} of {classifier(name)} by epoch; at the last {last or 'nothing'}; chosen epoch {epoch}.",
        width=WIDTH,
        height=HEIGHT,
        x_label="epoch",
        y_label=METRICS[metric],
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in ticks(1, epochs, 6) if step == int(step) and step >= 1],
        y_ticks=[Tick(y(step), f"{step:g}") for step in ticks(low, high, 5)],
        lines=lines,
        rules=[Tick(x(float(epoch)), "chosen")] if epoch is not None and known(epoch) else [],
    )


def _range(values: "pd.Series[float]", metric: str) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if metric == "loss":
        return 0.0, max([0.1, *finite]) * 1.05
    return floor(min([0.5, *finite]) * 10) / 10, 1.0
