"""Decision curves: the net benefit of ensemble, members and baselines by threshold probability, by lesion."""

from typing import Any

import numpy as np
import pandas as pd

from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.evaluate.risks import TREAT_ALL, TREAT_NONE, decision_curves
from dermoscopy.report.charts import STEPS
from dermoscopy.report.colours import css
from dermoscopy.report.figure import Chart, Label, Line, Scale, Tick, band, path, ticks
from dermoscopy.report.formatting import classifier, rate
from dermoscopy.report.inputs import Sources

WIDTH, HEIGHT = 400, 315
BELOW = 0.2  # height below 0 as a fraction of that above; curves that fall below it are cut off


def about_net_benefit(sources: Sources, suffix: str) -> dict[str, Any]:
    """Return the values that the templates show about net benefit.

    Args:
        sources: Outputs of the other stages.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
    """
    curves = decision_curves(sources.evaluation["decision_curve"])
    names = {kind: _names(curves, kind) for kind in ("ensemble", "member", "baseline")}
    shown = [name for own in names.values() for name in own]
    values = curves.set_index(["threshold", "name"])[["value", "low", "high"]].to_dict("index")
    return {
        "decision_chart": decision_chart(curves, f"Decision curves on the test split, by lesion{suffix}"),
        "decision_names": [(classifier(name), css(name)) for kind in ("ensemble", "member") for name in names[kind]],
        "net_benefit_columns": [classifier(name) for name in shown],
        "net_benefit": [
            (
                threshold,
                values[threshold, TREAT_ALL]["value"],
                [values[threshold, name] for name in shown],
            )
            for threshold in sorted(set(curves["threshold"]))
        ],
    }


def _names(curves: pd.DataFrame, kind: str) -> list[str]:
    return list(dict.fromkeys(curves.loc[curves["kind"] == kind, "name"]))


def decision_chart(curves: pd.DataFrame, title: str) -> Chart:
    """Draw the decision curves, with the pointwise interval of the ensemble.

    Args:
        curves: Rows of `evaluate.tables.DECISION_CURVE` without the baseline that leaks the label.
        title: Title of the chart.
    """
    of_ensemble = curves[curves["name"] == ENSEMBLE].sort_values("threshold")
    of_all = curves[curves["name"] == TREAT_ALL].sort_values("threshold")
    prevalence = _prevalence(of_all)
    top = max([0.01, prevalence, *of_ensemble["high"].dropna()]) * 1.05
    bottom = -BELOW * top
    x, y = Scale(0, 1, 56, WIDTH - 10), Scale(bottom, top, HEIGHT - 44, 12)
    low, high = (of_ensemble[name].clip(bottom, top).tolist() for name in ("low", "high"))
    lines = [
        Line(band(of_ensemble["threshold"].tolist(), low, high, x, y), "band"),
        Line(path([0, 1], [0, 0], x, y), "chance"),
    ]
    at = np.linspace(0, (prevalence - bottom) / (1 - bottom), 50)
    lines.append(Line(path(at, prevalence - at / (1 - at) * (1 - prevalence), x, y), "chance"))
    for kind in ("baseline", "member", "ensemble"):  # the ensemble is drawn over the others
        for name in _names(curves, kind):
            rows = curves[curves["name"] == name].sort_values("threshold")
            lines.append(Line(path(*_cut(rows["threshold"], rows["value"], bottom), x, y), css(name)))
    return Chart(
        title=title,
        alt="Net benefit by threshold probability of the ensemble, its members, the baselines, treating all lesions "
        f"and treating none. Ensemble: {_described(of_ensemble)}.",
        width=WIDTH,
        height=HEIGHT,
        x_label="threshold probability",
        y_label="net benefit",
        x_scale=x,
        y_scale=y,
        x_ticks=[Tick(x(step), f"{step:g}") for step in STEPS],
        y_ticks=[Tick(y(value), f"{value:g}".replace("-", "−")) for value in ticks(bottom, top, 6)],
        lines=lines,
        labels=[
            Label(x(1), y(0) + 13, TREAT_NONE, "end"),
            Label(x(at[-1]) + 4, y(bottom) - 4, TREAT_ALL, "start"),
        ],
    )


def _described(rows: pd.DataFrame) -> str:
    middle = rows.iloc[len(rows) // 5 :: max(1, len(rows) // 4)]
    return ", ".join(f"{rate(row['value'])} at {row['threshold']:g}" for row in middle.to_dict("records"))


def _prevalence(of_all: pd.DataFrame) -> float:
    """Return the proportion of malignant lesions, from the net benefit of treating all lesions."""
    threshold, value = of_all[["threshold", "value"]].iloc[0]
    odds = threshold / (1 - threshold)
    return float((value + odds) / (1 + odds))


def _cut(xs: "pd.Series[float]", ys: "pd.Series[float]", bottom: float) -> tuple[list[float], list[float]]:
    """Return a curve with a gap where it is below the chart; it ends where it crosses the bottom."""
    points = list(zip(xs, ys, strict=True))
    cut: list[tuple[float, float]] = []
    for number, (x, y) in enumerate(points):
        if number and (points[number - 1][1] < bottom) != (y < bottom):
            before_x, before_y = points[number - 1]
            cut.append((before_x + (x - before_x) * (bottom - before_y) / (y - before_y), bottom))
        cut.append((x, y if y >= bottom else np.nan))
    return [x for x, _ in cut], [y for _, y in cut]
