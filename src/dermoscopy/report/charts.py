"""The chart of the ROC curves.

The charts of accuracy, ROC AUC and loss by epoch, small, one a member.

Whether probabilities mean what they say.

The chart of ages.
"""

from collections.abc import Mapping
from math import floor
from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.core.splits import LABELS
from dermoscopy.report.figure import Chart, Dot, Line, Scale, Tick, path, ticks
from dermoscopy.report.formatting import classifier, css, known, percent, rate
from dermoscopy.report.inputs import Sources
from dermoscopy.stats.metrics import METRICS

ROC_WIDTH = ROC_HEIGHT = 380
STEPS = (0, 0.25, 0.5, 0.75, 1)


def roc_chart(curves: pd.DataFrame, operating: tuple[float, float] | None, title: str, alt: str) -> Chart:
    """Draw the ROC curves of members and ensemble.

    Args:
        curves: Rows of `tables.charts.ROC`.
        operating: 1 - specificity and sensitivity of the ensemble at its threshold, if they are defined.
        title: Of the chart.
        alt: What one sees.
    """
    x, y = Scale(0, 1, 52, ROC_WIDTH - 14), Scale(0, 1, ROC_HEIGHT - 48, 12)
    # The ensemble last, so that it lies over its members.
    ordered = sorted(curves.groupby("name", sort=True), key=lambda group: group[0] == "ensemble")
    lines = [Line(path([0, 1], [0, 1], x, y), "chance")]
    lines += [Line(path(rows["fpr"], rows["tpr"], x, y), css(str(name))) for name, rows in ordered]
    dots = [Dot(x(operating[0]), y(operating[1]), "c-ensemble")] if operating else []
    return Chart(
        title=title,
        alt=alt,
        width=ROC_WIDTH,
        height=ROC_HEIGHT,
        x_label="1 − specificity (share of benign called malignant)",
        y_label="sensitivity (share of malignant found)",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(step), f"{step:g}") for step in STEPS],
        lines=lines,
        dots=dots,
    )


CURVE_WIDTH, CURVE_HEIGHT = 240, 180
SPLITS = {"train": "training", "val": "validation"}
TITLES = {"accuracy": METRICS["accuracy"].title, "roc_auc": METRICS["roc_auc"].title, "loss": "loss"}


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
    x = Scale(1, float(epochs), 34, CURVE_WIDTH - 6)
    low, high = _range(seen, metric)
    y = Scale(low, high, CURVE_HEIGHT - 40, 12)
    splits = {split: rows[rows["split"] == split].sort_values("epoch") for split in SPLITS}
    lines = [
        Line(path(values["epoch"], values[metric], x, y), f"{css(name)} split-{split}")
        for split, values in splits.items()
    ]
    epoch = chosen.get("epoch")
    last = ", ".join(
        f"{SPLITS[split]} {rate(values[metric].iloc[-1])}" for split, values in splits.items() if len(values)
    )
    return Chart(
        title=f"{classifier(name)}: {TITLES[metric]}{suffix}",
        alt=f"{TITLES[metric]} of {classifier(name)} by epoch; at the last {last or 'nothing'}; chosen epoch {epoch}.",
        width=CURVE_WIDTH,
        height=CURVE_HEIGHT,
        x_label="epoch",
        y_label=TITLES[metric],
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


RELIABILITY_WIDTH = RELIABILITY_HEIGHT = 340
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
        "reliability": reliability_chart(bins, f"Reliability on the test split{suffix}"),
        "bins": bins[bins["name"] == "after"].to_dict("records"),
        "drawn": list(DRAWN.items()),
    }


def reliability_chart(bins: pd.DataFrame, title: str) -> Chart:
    """Draw the share of malignant lesions over their mean probability, bin by bin.

    Args:
        bins: Rows of `tables.evaluation.RELIABILITY`.
        title: Of the chart.
    """
    x, y = Scale(0, 1, 52, RELIABILITY_WIDTH - 14), Scale(0, 1, RELIABILITY_HEIGHT - 48, 12)
    lines = [Line(path([0, 1], [0, 1], x, y), "chance")]
    after = bins[bins["name"] == "after"]
    for row in after.to_dict("records"):
        lines.append(Line(path([row["probability"]] * 2, [row["low"], row["high"]], x, y), "whisker"))
    for name, classes in DRAWN.items():
        rows = bins[bins["name"] == name].sort_values("start")
        lines.append(Line(path(rows["probability"], rows["malignant"], x, y), classes))
    dots = [Dot(x(row["probability"]), y(row["malignant"]), "c-ensemble") for row in after.to_dict("records")]
    return Chart(
        title=title,
        alt="Share of malignant lesions over the probability given to them, before and after calibration; "
        "the diagonal is perfect.",
        width=RELIABILITY_WIDTH,
        height=RELIABILITY_HEIGHT,
        x_label="mean probability of the bin",
        y_label="share that is malignant",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(step), f"{step:g}") for step in STEPS],
        lines=lines,
        dots=dots,
    )


AGE_WIDTH, AGE_HEIGHT = 380, 230


def age_chart(by_label: pd.DataFrame, title: str) -> Chart:
    """Draw the ages of each label as a frequency polygon, by ten years.

    Shares of the label, so that both can be compared however rare one is; a label's unknown ages
    are in no point.

    Args:
        by_label: Rows of `audit.summary.BY_LABEL`.
        title: Of the chart.
    """
    rows = by_label[by_label["age"].str.contains("-")]
    bounds = rows["age"].str.split("-", expand=True).reindex(columns=[0, 1]).astype("float64")
    rows = rows.assign(first=bounds[0], end=bounds[1] + 1).sort_values("first")
    start, end = (rows["first"].min(), rows["end"].max()) if len(rows) else (0.0, 100.0)
    top = max([0.1, *rows["proportion"]]) * 1.05
    x, y = Scale(start, end, 46, AGE_WIDTH - 10), Scale(0, top, AGE_HEIGHT - 44, 12)
    of = {label: rows[rows["label"] == label] for label in LABELS}
    peaks = [ages.sort_values("proportion").iloc[-1] for ages in of.values() if len(ages)]
    most = ", ".join(
        f"{peak['label']} most often {peak['age']} years ({percent(peak['proportion'])})" for peak in peaks
    )
    return Chart(
        title=title,
        alt=f"Share of each label's images by ten years of age; {most or 'no age is known'}.",
        width=AGE_WIDTH,
        height=AGE_HEIGHT,
        x_label="age in years",
        y_label="share of the label's images",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(age), f"{age:g}") for age in ticks(start, end, 10)],
        y_ticks=[Tick(y(share), percent(share)) for share in ticks(0, top, 5)],
        lines=[
            Line(path((ages["first"] + ages["end"]) / 2, ages["proportion"], x, y), f"label-{label}")
            for label, ages in of.items()
        ],
    )
