"""Results by operating point: missed lesions, unnecessary excisions, predictive values and groups."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.report.figure import Chart, Line, Scale, Tick, below_labels, label_rules, path
from dermoscopy.report.formatting import POINTS, diagnosis, is_finite, listing, percent
from dermoscopy.report.inputs import Sources

WIDTH, HEIGHT = 400, 315
STEPS = (0, 0.25, 0.5, 0.75, 1)
SWEPT = {"sensitivity": "c-third", "specificity": "c-fourth", "ppv": "c-first"}
ORDER = ("sensitive", "balanced", "half")
LESIONS = 1000


def about_decisions(sources: Sources, settings: Ensemble, suffix: str) -> dict[str, Any]:
    """Return the values that the templates show about decisions, all by lesion.

    Args:
        sources: Outputs of the other stages.
        settings: Parameters of the ensemble, with the required sensitivity and coverage.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
    """
    own = sources.points[sources.points["name"] == ENSEMBLE].set_index("point")
    points = [_point(sources, point, own.loc[point].to_dict()) for point in ORDER]
    missed = _missed(sources.evaluation["groups"])
    return {
        "points": points,
        "sensitive": points[0],
        "reached": reached(points[0]["sensitivity"], settings.sensitivity),
        "predictive": _predictive(sources),
        "sets": sources.evaluation["coverage"].set_index("label").to_dict("index"),
        "required": settings,
        "missed": missed,
        "missed_counts": missed_counts(missed),
        "groups": _groups(sources.evaluation["groups"]),
        "sweep": _sweep(sources.evaluation["sweep"], own["threshold"].to_dict(), suffix),
        "swept": list(SWEPT.items()),
    }


def reached(sensitivity: Mapping[str, float | None], aim: float) -> str:
    """Return a sentence on whether a sensitivity on test is what its threshold was chosen for.

    Args:
        sensitivity: Keys value, low and high, each from 0 to 1; None or NaN if undefined.
        aim: Aimed sensitivity, from 0 to 1.
    """
    value, low, high = (sensitivity.get(key) for key in ("value", "low", "high"))
    if value is None or not is_finite(value):
        return ""
    if value >= aim:
        return f"The aim of {percent(aim)} was reached on the test split."
    if low is None or high is None or not is_finite(low) or not is_finite(high):
        return f"The aim of {percent(aim)} was not reached on the test split."
    inside = "which the confidence interval includes" if high >= aim else "which lies above the confidence interval"
    return f"The aim of {percent(aim)}, {inside}, was not reached on the test split."


def missed_counts(missed: list[dict[str, Any]]) -> str:
    """Return the missed lesions of each malignant diagnosis at the operating point "sensitive", as words with a verb.

    Args:
        missed: Rows of the table of missed lesions: name, lesions, and missed by operating point.

    Returns:
        The words, such as "2 of 30 (melanoma) are"; empty if no lesion is missed.
    """
    counts = [(row["missed"].get("sensitive", 0), row["lesions"], row["name"]) for row in missed]
    words = [f"{number} of {lesions} ({name})" for number, lesions, name in counts if number]
    return f"{listing(words)} {'is' if [number for number, *_ in counts if number] == [1] else 'are'}" if words else ""


def _point(sources: Sources, point: str, fitted: dict[Any, Any]) -> dict[str, Any]:
    """Return the threshold and metrics of an operating point, with the numbers of lesions."""
    scores = sources.evaluation["scores"]
    rows = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "lesion") & (scores["point"] == point)]
    values = rows.set_index("metric")[["value", "low", "high"]].to_dict("index")
    labels = sources.evaluation["coverage"].set_index("label")["lesions"]
    malignant, benign = (int(labels.get(label, 0)) for label in reversed(LABELS))
    undefined = dict.fromkeys(("value", "low", "high"))
    sensitivity, specificity = (values.get(metric, undefined) for metric in ("sensitivity", "specificity"))
    return {
        "name": POINTS[point],
        "point": point,
        "fitted": fitted,
        "malignant": malignant,
        "benign": benign,
        "true_positives": _times(sensitivity["value"], malignant),
        "true_negatives": _times(specificity["value"], benign),
        "sensitivity": sensitivity,
        "specificity": specificity,
    }


def _times(proportion: float | None, whole: int) -> int | None:
    return None if proportion is None or proportion != proportion else round(proportion * whole)


def _predictive(sources: Sources) -> list[dict[str, Any]]:
    """Return predictive values and counts of a thousand lesions, for each prevalence and operating point."""
    table = sources.evaluation["predictive"].set_index(["prevalence", "point", "metric"])[["value", "low", "high"]]
    values = table.to_dict("index")
    scores = sources.evaluation["scores"]
    own = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "lesion")]
    rates = own.set_index(["point", "metric"])["value"].to_dict()
    rows = []
    for prevalence in sorted(set(sources.evaluation["predictive"]["prevalence"])):
        for point in ORDER:
            sensitivity, specificity = (rates.get((point, metric)) for metric in ("sensitivity", "specificity"))
            malignant = LESIONS * prevalence
            rows.append(
                {
                    "prevalence": prevalence,
                    "name": POINTS[point],
                    "ppv": values[prevalence, point, "ppv"],
                    "npv": values[prevalence, point, "npv"],
                    "true_positives": None if sensitivity is None else malignant * sensitivity,
                    "false_negatives": None if sensitivity is None else malignant * (1 - sensitivity),
                    "false_positives": None if specificity is None else (LESIONS - malignant) * (1 - specificity),
                }
            )
    return rows


def _missed(groups: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the false negatives of each malignant diagnosis at each operating point, melanoma first."""
    malignant = groups[(groups["by"] == "dx") & (groups["metric"] == "sensitivity")]
    rows = []
    for dx, points in sorted(malignant.groupby("group"), key=lambda group: (group[0] != "mel", group[0])):
        values = points.set_index("point")[["value", "low", "high"]].to_dict("index")
        lesions = int(points["lesions"].iloc[0])
        missed = {point: round((1 - values[point]["value"]) * lesions) for point in ORDER if point in values}
        rows.append({"name": diagnosis(str(dx)), "dx": dx, "lesions": lesions, "missed": missed})
    return rows


def _groups(groups: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return the groups of each column, with sizes and metrics at the operating point "sensitive"."""
    by_column: dict[str, list[dict[str, Any]]] = {}
    for (by, group), rows in groups[groups["point"].isin(["", "sensitive"])].groupby(["by", "group"]):
        values = rows.set_index("metric")[["value", "low", "high"]].to_dict("index")
        sizes = {size: int(rows[size].iloc[0]) for size in ("images", "lesions", "malignant")}
        name = diagnosis(str(group)) if by == "dx" else str(group)
        by_column.setdefault(str(by), []).append({"name": name, **sizes, "values": values})
    return {by: by_column[by] for by in ("dx", "age", "sex", "localization", "dx_type", "dataset") if by in by_column}


def _sweep(table: pd.DataFrame, thresholds: dict[Any, float], suffix: str) -> Chart:
    x, y = Scale(0, 1, 52, WIDTH - 10), Scale(0, 1, HEIGHT - 44, below_labels(len(thresholds)))
    lines = []
    for metric, css in SWEPT.items():
        rows = table[table["metric"] == metric].sort_values("threshold")
        lines.append(Line(path(rows["threshold"], rows["value"], x, y), css))
    marks = [
        Tick(x(min(threshold, 1.0)), f"{POINTS[point]}: {percent(threshold, 1)}")
        for point, threshold in thresholds.items()
    ]
    return Chart(
        title=f"Metrics by threshold on the test split, by lesion{suffix}",
        alt="As the threshold rises, sensitivity falls and specificity rises. Dotted lines mark the operating points: "
        f"{', '.join(mark.text for mark in marks)}.",
        width=WIDTH,
        height=HEIGHT,
        x_label="threshold (calibrated probability)",
        y_label="proportion",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(step), f"{step:g}") for step in STEPS],
        lines=lines,
        rules=label_rules(marks, x),
    )
