"""Results about the probabilities, by lesion: calibration, distribution by label, and the number of lesions needed."""

from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.core.splits import LABELS
from dermoscopy.report.charts import STEPS
from dermoscopy.report.figure import (
    BASELINE,
    LINE_HEIGHT,
    Chart,
    Dot,
    Label,
    Line,
    Scale,
    Tick,
    band,
    below_labels,
    path,
    ticks,
)
from dermoscopy.report.formatting import percent
from dermoscopy.report.inputs import Sources

CALIBRATION_WIDTH, CALIBRATION_HEIGHT = 340, 370
DRAWN = {"before": "c-other", "after": "c-ensemble"}
DIGIT = 6.5  # width of a digit in pixels
VALUES = ("value", "low", "high", "chance")
SIZES = {"roc_auc": "ROC AUC", "oe_ratio": "observed to expected ratio", "slope": "calibration slope"}


def about_probabilities(sources: Sources, suffix: str) -> dict[str, Any]:
    """Return the values that the templates show about the probabilities.

    Args:
        sources: Outputs of the other stages.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
    """
    tables = sources.evaluation
    measures: dict[str, dict[str, dict[str, float]]] = {}
    for row in tables["calibration"].to_dict("records"):
        measures.setdefault(row["name"], {})[row["metric"]] = {key: row[key] for key in VALUES}
    bins, sizes = tables["reliability"], tables["sample_size"].set_index("metric").to_dict("index")
    return {
        "measures": measures,
        "calibration_chart": calibration_chart(
            tables["calibration_curve"], bins, f"Calibration on the test split, by lesion{suffix}"
        ),
        "bins": bins[bins["name"] == "after"].to_dict("records"),
        "drawn": list(DRAWN.items()),
        "risk_chart": risk_chart(
            tables["risks"], f"Distribution of the probabilities on the test split, by lesion{suffix}"
        ),
        "risk_quartiles": tables["risk_quartiles"].set_index("label").to_dict("index"),
        "sample_sizes": [(title, sizes[metric]) for metric, title in SIZES.items()],
    }


def calibration_chart(curves: pd.DataFrame, bins: pd.DataFrame, title: str) -> Chart:
    """Draw the smooth calibration curves, and the proportion of malignant lesions in each bin after calibration.

    Args:
        curves: Rows of `evaluate.tables.CALIBRATION_CURVE`.
        bins: Rows of `evaluate.tables.RELIABILITY`.
        title: Title of the chart.
    """
    x, y = Scale(0, 1, 56, CALIBRATION_WIDTH - 14), Scale(0, 1, CALIBRATION_HEIGHT - 48, below_labels(2))
    smooth = {name: curves[curves["name"] == name].sort_values("probability") for name in DRAWN}
    after = smooth["after"]
    lines = [
        Line(band(after["probability"].tolist(), after["low"].tolist(), after["high"].tolist(), x, y), "band"),
        Line(path([0, 1], [0, 1], x, y), "chance"),
    ]
    own = bins[bins["name"] == "after"]
    for row in own.to_dict("records"):
        lines.append(Line(path([row["probability"]] * 2, [row["low"], row["high"]], x, y), "whisker"))
    lines += [Line(path(rows["probability"], rows["value"], x, y), DRAWN[name]) for name, rows in smooth.items()]
    return Chart(
        title=title,
        alt="Proportion of malignant lesions against their predicted probability, before and after calibration. "
        f"The diagonal is perfect calibration. Lesions in the bins after calibration: {', '.join(_lesions(own))}.",
        width=CALIBRATION_WIDTH,
        height=CALIBRATION_HEIGHT,
        x_label="predicted probability",
        y_label="proportion malignant",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(step), f"{step:g}") for step in STEPS],
        lines=lines,
        dots=[Dot(x(row["probability"]), y(row["malignant"]), "c-ensemble") for row in own.to_dict("records")],
        labels=_count_labels(bins, x),
    )


def _lesions(rows: pd.DataFrame) -> list[str]:
    return [f"{number}" for number in rows.sort_values("start")["lesions"]]


def _count_labels(bins: pd.DataFrame, x: Scale) -> list[Label]:
    """Return the number of lesions above each bin, or nothing if the bins are too narrow for these texts."""
    narrowest = (bins["end"] - bins["start"]).min() * (x.end - x.start)
    if max(map(len, _lesions(bins)), default=0) * DIGIT > narrowest:
        return []
    labels = []
    for line, name in enumerate(DRAWN):
        rows, height = bins[bins["name"] == name].sort_values("start"), LINE_HEIGHT * line + BASELINE
        labels.append(Label(x.start - 7, height, name, "end"))
        middles = (rows["start"] + rows["end"]) / 2
        labels += [Label(x(at), height, text) for at, text in zip(middles, _lesions(rows), strict=True)]
    return labels


RISK_WIDTH, RISK_HEIGHT = 380, 230


def risk_chart(risks: pd.DataFrame, title: str) -> Chart:
    """Draw the distribution of the probabilities of each label as the outline of a histogram.

    The values are proportions of each label, so that the rarer label can be compared.

    Args:
        risks: Rows of `evaluate.tables.RISKS`.
        title: Title of the chart.
    """
    top = max([0.1, *risks["proportion"]]) * 1.05
    x, y = Scale(0, 1, 56, RISK_WIDTH - 10), Scale(0, top, RISK_HEIGHT - 44, 12)
    by = {label: risks[risks["label"] == label].sort_values("start") for label in LABELS}
    lines, peaks = [], []
    for label, rows in by.items():
        if len(rows):
            edges = np.repeat([*rows["start"], rows["end"].iloc[-1]], 2)
            lines.append(Line(path(edges, [0, *np.repeat(rows["proportion"], 2), 0], x, y), f"label-{label}"))
            peak = rows.sort_values("proportion").iloc[-1]
            peaks.append(
                f"{label} most often {peak['start']:g} to {peak['end']:g} ({percent(peak['proportion'])} of them)"
            )
    return Chart(
        title=title,
        alt=f"Proportion of the lesions of each label by predicted probability: {', '.join(peaks)}.",
        width=RISK_WIDTH,
        height=RISK_HEIGHT,
        x_label="predicted probability",
        y_label="proportion of the label's lesions",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(proportion), percent(proportion)) for proportion in ticks(0, top, 5)],
        lines=lines,
    )
