"""Charts of the page: ROC curves, training curves, and ages."""

from collections.abc import Mapping
from math import floor
from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.report.colours import css
from dermoscopy.report.figure import (
    Chart,
    Dot,
    Label,
    Line,
    Scale,
    Tick,
    below_labels,
    label_rules,
    path,
    ticks,
)
from dermoscopy.report.formatting import classifier, is_finite, percent, rate
from dermoscopy.stats.metrics import METRICS

ROC_WIDTH = ROC_HEIGHT = 380
STEPS = (0, 0.25, 0.5, 0.75, 1)


def roc_chart(curves: pd.DataFrame, operating: tuple[float, float] | None, title: str, alt: str) -> Chart:
    """Draw the ROC curves of members and ensemble.

    Args:
        curves: Rows of `evaluate.chart_tables.ROC`.
        operating: 1 - specificity and sensitivity of the ensemble at its operating point, or None if undefined.
        title: Title of the chart.
        alt: Text description of the chart.
    """
    x, y = Scale(0, 1, 52, ROC_WIDTH - 14), Scale(0, 1, ROC_HEIGHT - 48, 12)
    # The ensemble comes last, so that its curve is drawn over the others.
    ordered = sorted(curves.groupby("name", sort=True), key=lambda group: group[0] == ENSEMBLE)
    lines = [Line(path([0, 1], [0, 1], x, y), "chance")]
    lines += [Line(path(rows["fpr"], rows["tpr"], x, y), css(str(name))) for name, rows in ordered]
    dots = [Dot(x(operating[0]), y(operating[1]), "c-ensemble")] if operating else []
    return Chart(
        title=title,
        alt=alt,
        width=ROC_WIDTH,
        height=ROC_HEIGHT,
        x_label="1 − specificity (false positive rate)",
        y_label="sensitivity (true positive rate)",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(step), f"{step:g}") for step in STEPS],
        lines=lines,
        dots=dots,
        labels=[Label(x(0.75), y(0.75) + 14, "chance", angle=-45)],
    )


CURVE_WIDTH, CURVE_HEIGHT = 240, 190
SPLITS = {"train": "training", "val": "validation"}
TITLES = {"accuracy": METRICS["accuracy"].title, "roc_auc": METRICS["roc_auc"].title, "loss": "loss"}


def curve_charts(
    curves: pd.DataFrame, chosen: Mapping[Any, Mapping[str, Any]], metric: str, suffix: str
) -> list[Chart]:
    """Draw a metric on train and val by epoch, one chart for each member.

    Args:
        curves: Rows of `ensemble.training.CURVES`.
        chosen: Member to the metrics of its chosen epoch (`report.data.chosen_epochs`).
        metric: "accuracy" or "roc_auc", with one scale for all members, or "loss", with a scale for each member.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
    """
    charts = []
    for name in chosen:
        rows = curves[curves["name"] == name]
        scaled = rows if metric == "loss" else curves
        charts.append(_chart(str(name), rows, chosen[name], metric, scaled[metric], suffix))
    return charts


def _chart(
    name: str,
    rows: pd.DataFrame,
    chosen: Mapping[str, Any],
    metric: str,
    scaled: "pd.Series[float]",
    suffix: str,
) -> Chart:
    epochs = max([2, *rows["epoch"]])
    x = Scale(1, float(epochs), 58, CURVE_WIDTH - 6)
    low, high = _range(scaled, metric)
    y = Scale(low, high, CURVE_HEIGHT - 40, below_labels(1))
    splits = {split: rows[rows["split"] == split].sort_values("epoch") for split in SPLITS}
    lines = [
        Line(path(values["epoch"], values[metric], x, y), f"{css(name)} split-{split}")
        for split, values in splits.items()
    ]
    epoch = chosen.get("epoch")
    kept = [Tick(x(float(epoch)), f"kept: epoch {epoch}")] if epoch is not None and is_finite(epoch) else []
    last = ", ".join(
        f"{SPLITS[split]} {rate(values[metric].iloc[-1])}" for split, values in splits.items() if len(values)
    )
    return Chart(
        title=f"{classifier(name)}: {TITLES[metric]}{suffix}",
        alt=f"{TITLES[metric]} of {classifier(name)} by epoch. Last epoch: {last or 'none'}. Chosen epoch: {epoch}.",
        width=CURVE_WIDTH,
        height=CURVE_HEIGHT,
        x_label="epoch",
        y_label=TITLES[metric],
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in ticks(1, epochs, 6) if step == int(step) and step >= 1],
        y_ticks=[Tick(y(step), f"{step:g}") for step in ticks(low, high, 5)],
        lines=lines,
        rules=label_rules(kept, x),
    )


def _range(values: "pd.Series[float]", metric: str) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if metric == "loss":
        return 0.0, max([0.1, *finite]) * 1.05
    return floor(min([0.5, *finite]) * 10) / 10, 1.0


AGE_WIDTH, AGE_HEIGHT = 380, 230


def age_chart(by_label: pd.DataFrame, title: str) -> Chart:
    """Draw the ages of each label as a frequency polygon, by ten years.

    The values are proportions of each label, so that the rarer label can be compared. Unknown ages
    are not drawn.

    Args:
        by_label: Rows of `audit.charts.BY_LABEL`.
        title: Title of the chart.
    """
    rows = by_label[by_label["age"].str.contains("-")]
    bounds = rows["age"].str.split("-", expand=True).reindex(columns=[0, 1]).astype("float64")
    rows = rows.assign(first=bounds[0], end=bounds[1] + 1).sort_values("first")
    start, end = (rows["first"].min(), rows["end"].max()) if len(rows) else (0.0, 100.0)
    top = max([0.1, *rows["proportion"]]) * 1.05
    x, y = Scale(start, end, 56, AGE_WIDTH - 10), Scale(0, top, AGE_HEIGHT - 44, 12)
    by = {label: rows[rows["label"] == label] for label in LABELS}
    peaks = [ages.sort_values("proportion").iloc[-1] for ages in by.values() if len(ages)]
    most = ", ".join(
        f"{peak['label']} most often {peak['age']} years ({percent(peak['proportion'])})" for peak in peaks
    )
    return Chart(
        title=title,
        alt=f"Proportion of each label's images by ten years of age: {most or 'no age is known'}.",
        width=AGE_WIDTH,
        height=AGE_HEIGHT,
        x_label="age in years",
        y_label="proportion of the label's images",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(age), f"{age:g}") for age in ticks(start, end, 10)],
        y_ticks=[Tick(y(proportion), percent(proportion)) for proportion in ticks(0, top, 5)],
        lines=[
            Line(path((ages["first"] + ages["end"]) / 2, ages["proportion"], x, y), f"label-{label}")
            for label, ages in by.items()
        ],
    )
