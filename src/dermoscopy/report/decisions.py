"""A doctor's questions: what a threshold finds, misses and cuts, and what an alarm is worth."""

from typing import Any

import pandas as pd

from dermoscopy.core.splits import LABELS
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.report.figure import Chart, Line, Scale, Tick, path
from dermoscopy.report.formatting import POINTS, diagnosis
from dermoscopy.report.inputs import Sources

WIDTH, HEIGHT = 400, 280
STEPS = (0, 0.25, 0.5, 0.75, 1)
SWEPT = {"sensitivity": "c-third", "specificity": "c-fourth", "ppv": "c-first"}
ORDER = ("sensitive", "balanced", "half")
PATIENTS = 1000


def about_decisions(sources: Sources, settings: Ensemble, suffix: str) -> dict[str, Any]:
    """Return what the templates tell of decisions, by the names they use; all of it by lesion.

    Args:
        sources: What other stages left.
        settings: The sensitivity and coverage asked for.
        suffix: Of every title.
    """
    own = sources.points[sources.points["name"] == "ensemble"].set_index("point")
    points = [_point(sources, point, own.loc[point].to_dict()) for point in ORDER]
    return {
        "points": points,
        "sensitive": points[0],
        "predictive": _predictive(sources),
        "sets": sources.judged["coverage"].set_index("label").to_dict("index"),
        "asked": settings,
        "missed": _missed(sources.judged["groups"]),
        "groups": _groups(sources.judged["groups"]),
        "sweep": _sweep(sources.judged["sweep"], own["threshold"].to_dict(), suffix),
        "swept": list(SWEPT.items()),
    }


def _point(sources: Sources, point: str, fixed: dict[Any, Any]) -> dict[str, Any]:
    """Return an operating point's threshold, promise and figures, with what they mean in lesions."""
    scores = sources.judged["scores"]
    rows = scores[(scores["name"] == "ensemble") & (scores["unit"] == "lesion") & (scores["point"] == point)]
    values = rows.set_index("metric")[["value", "low", "high"]].to_dict("index")
    labels = sources.judged["coverage"].set_index("label")["lesions"]
    malignant, benign = (int(labels.get(label, 0)) for label in reversed(LABELS))
    nothing = dict.fromkeys(("value", "low", "high"))
    sensitivity, specificity = (values.get(metric, nothing) for metric in ("sensitivity", "specificity"))
    return {
        "name": POINTS[point],
        "point": point,
        "fixed": fixed,
        "malignant": malignant,
        "benign": benign,
        "found": _times(sensitivity["value"], malignant),
        "spared": _times(specificity["value"], benign),
        "sensitivity": sensitivity,
        "specificity": specificity,
    }


def _times(share: float | None, whole: int) -> int | None:
    return None if share is None or share != share else round(share * whole)


def _predictive(sources: Sources) -> list[dict[str, Any]]:
    """Return, for each prevalence and point, predictive values and what becomes of a thousand lesions."""
    table = sources.judged["predictive"].set_index(["prevalence", "point", "metric"])[["value", "low", "high"]]
    values = table.to_dict("index")
    scores = sources.judged["scores"]
    own = scores[(scores["name"] == "ensemble") & (scores["unit"] == "lesion")]
    share = own.set_index(["point", "metric"])["value"].to_dict()
    rows = []
    for prevalence in sorted(set(sources.judged["predictive"]["prevalence"])):
        for point in ORDER:
            found, spared = (share.get((point, metric)) for metric in ("sensitivity", "specificity"))
            malignant = PATIENTS * prevalence
            rows.append(
                {
                    "prevalence": prevalence,
                    "name": POINTS[point],
                    "ppv": values[prevalence, point, "ppv"],
                    "npv": values[prevalence, point, "npv"],
                    "found": None if found is None else malignant * found,
                    "missed": None if found is None else malignant * (1 - found),
                    "alarms": None if spared is None else (PATIENTS - malignant) * (1 - spared),
                }
            )
    return rows


def _missed(groups: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how many lesions of each malignant diagnosis are missed at each point, melanoma first."""
    of = groups[(groups["by"] == "dx") & (groups["metric"] == "sensitivity")]
    rows = []
    for dx, points in sorted(of.groupby("group"), key=lambda group: (group[0] != "mel", group[0])):
        shares = points.set_index("point")[["value", "low", "high"]].to_dict("index")
        lesions = int(points["lesions"].iloc[0])
        missed = {point: round((1 - shares[point]["value"]) * lesions) for point in ORDER if point in shares}
        rows.append({"name": diagnosis(str(dx)), "dx": dx, "lesions": lesions, "missed": missed, "shares": shares})
    return rows


def _groups(groups: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return the groups of each column, with their sizes and figures at the sensitive point."""
    found: dict[str, list[dict[str, Any]]] = {}
    for (by, group), rows in groups[groups["point"].isin(["", "sensitive"])].groupby(["by", "group"]):
        values = rows.set_index("metric")[["value", "low", "high"]].to_dict("index")
        sizes = {size: int(rows[size].iloc[0]) for size in ("images", "lesions", "malignant")}
        name = diagnosis(str(group)) if by == "dx" else str(group)
        found.setdefault(str(by), []).append({"name": name, **sizes, "values": values})
    return {by: found[by] for by in ("dx", "age", "sex", "localization", "dx_type") if by in found}


def _sweep(table: pd.DataFrame, thresholds: dict[Any, float], suffix: str) -> Chart:
    x, y = Scale(0, 1, 46, WIDTH - 10), Scale(0, 1, HEIGHT - 44, 12)
    lines = []
    for metric, css in SWEPT.items():
        rows = table[table["metric"] == metric].sort_values("threshold")
        lines.append(Line(path(rows["threshold"], rows["value"], x, y), css))
    return Chart(
        title=f"Every threshold on the test split{suffix}",
        alt="Sensitivity falls and specificity rises with the threshold; dotted lines mark the operating points.",
        width=WIDTH,
        height=HEIGHT,
        x_label="calibrated probability from which a lesion is called malignant",
        y_label="share",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(step), f"{step:g}") for step in STEPS],
        lines=lines,
        rules=[Tick(x(min(threshold, 1.0)), point) for point, threshold in thresholds.items()],
    )
