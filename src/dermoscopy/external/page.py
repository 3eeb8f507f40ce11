"""The page of an evaluation on other images: one HTML file, in the style of the report."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from dermoscopy.core.metrics import confusion
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.evaluate.charts import roc_rows
from dermoscopy.evaluate.diagnoses import RECALL
from dermoscopy.evaluate.scores import Classifier
from dermoscopy.external.external import OVERLAPS, Results
from dermoscopy.ham10000.problems import summarize
from dermoscopy.report import colours, formatting
from dermoscopy.report.charts import roc_chart
from dermoscopy.report.data import all_metrics, by_diagnosis, computed_metrics, headline_counts
from dermoscopy.report.net_benefit import decision_chart
from dermoscopy.report.page import FILTERS, TEMPLATES
from dermoscopy.report.probabilities import DRAWN, SIZES, VALUES, calibration_chart, risk_chart
from dermoscopy.stats.headline import MEAN_RECALL
from dermoscopy.stats.intervals import wilson_interval
from dermoscopy.stats.lesions import by_lesion
from dermoscopy.stats.metrics import METRICS

OWN = Path(__file__).parent / "templates"
ORDER = ("sensitive", "balanced", "half")
BOUNDS = ["value", "low", "high"]
BESIDE = (
    "roc_auc",
    "roc_auc_within",
    "average_precision",
    "balanced_accuracy",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "brier",
)
COLUMNS = {
    "dx": "diagnosis",
    "age": "age in years",
    "sex": "sex",
    "localization": "localization",
    "dx_type": "method of diagnosis",
    "dataset": "source",
}


def render_page(results: Results) -> str:
    """Return the page as HTML, which needs no other file.

    Args:
        results: Results of `use.external.evaluate_folder`.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([OWN, TEMPLATES]),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name in FILTERS:
        environment.filters[name] = getattr(formatting, name)
    environment.globals["interval"] = lambda low, high, write="rate": formatting.interval(
        low, high, getattr(formatting, write)
    )
    return environment.get_template("external.html.j2").render(_gather(results))


def verdict(results: Results) -> str:
    """Return a sentence on whether the evaluated images are an external set."""
    overlap = results.overlap
    number = formatting.plural(len(overlap.images), "image")
    if results.kept and len(overlap.images):
        of_all = f"{len(overlap.images):,} of {formatting.plural(len(results.external.rows), 'image')}"
        return f"Not an external set: {of_all} are also in the run. The results may be too optimistic."
    if overlap.incomplete:
        return f"Not shown to be an external set: {overlap.incomplete}."
    compared = f"{formatting.plural(overlap.compared, 'image')} of the run, by ids, bytes and perceptual hashes"
    if len(overlap.images):
        left_out = f"{int((results.rows['problem'] == OVERLAPS).sum()):,} in all"
        found = f"{number} found in the run and all other images of their lesions are left out ({left_out})"
        return f"External set: {found}. The others were compared with {compared}."
    return f"External set: no image was found in the run. Compared with {compared}."


def referral(coverage: pd.DataFrame, confidence: float) -> dict[str, float]:
    """Return the number of referred lesions, and their proportion with its interval.

    Args:
        coverage: Rows of `evaluate.tables.COVERAGE`.
        confidence: Confidence level of the interval, from 0 to 1.

    Returns:
        Keys referred, lesions, value, low and high.
    """
    referred, lesions = int(coverage["refer"].sum()), int(coverage["lesions"].sum())
    low, high = wilson_interval(referred, lesions, confidence)
    return {"referred": referred, "lesions": lesions, "value": referred / lesions, "low": low, "high": high}


def _gather(results: Results) -> dict[str, Any]:
    """Return all values of the template by name."""
    evaluation, settings = results.external.evaluation, results.settings.evaluate
    tables, ensemble = evaluation.tables, evaluation.ensemble
    unit = "lesion" if results.has_lesions else "image"
    lesions = by_lesion(results.external.rows)
    score, threshold = lesions.mean(ensemble.score), ensemble.thresholds[results.point]
    own = pd.DataFrame({"label": lesions.label, "dx": results.external.rows["dx"].to_numpy()[lesions.first]})
    own["probability"] = score
    counts = headline_counts(confusion(lesions.label, score >= threshold))
    where, units = f"on {results.name}, by {unit}", ("image", "lesion") if results.has_lesions else ("lesion",)
    return {
        "name": results.name,
        "unit": unit,
        "where": where,
        "has_lesions": results.has_lesions,
        "dataset": results.dataset,
        "warning": results.warning,
        "malignant": [formatting.diagnosis(dx) for dx in results.settings.malignant],
        "colour_rules": colours.rules(),
        "confidence": f"{100 * settings.confidence:g} %",
        "resamples": settings.resamples,
        "is_external": results.is_external,
        "verdict": verdict(results),
        "overlap": results.overlap,
        "problems": summarize(results.problems),
        "images": len(results.external.rows),
        "labelled": len(results.rows),
        "lesions": len(lesions.label),
        "left_out": results.external.left_out,
        "point": formatting.POINTS[results.point],
        "threshold": f"{threshold:.3f}",
        "counts": counts,
        "values": _values(tables["scores"], results.point),
        "on_test": _values(results.on_test, results.point),
        "beside": [METRICS[name] for name in BESIDE],
        "metrics": computed_metrics(tables["scores"]),
        "all_metrics": {of: all_metrics(tables["scores"], of, results.point) for of in units},
        "members": [(formatting.classifier(each.name), colours.css(each.name)) for each in evaluation.classifiers],
        "by_diagnosis": by_diagnosis(own, threshold) if (own["dx"] != "").all() else [],
        "points": _points(tables["scores"], ensemble.thresholds, counts),
        "sets": tables["coverage"].to_dict("records"),
        "referral": referral(tables["coverage"], settings.confidence),
        "groups": _groups(tables["groups"]),
        "recalls": _recalls(tables["diagnoses"]),
        "risk_chart": risk_chart(tables["risks"], f"Distribution of the probabilities {where}"),
        "risk_quartiles": tables["risk_quartiles"].set_index("label").to_dict("index"),
        **(_of_both_labels(results, where, counts) if not results.external.left_out else {}),
    }


def _of_both_labels(results: Results, where: str, counts: Mapping[str, float | None]) -> dict[str, Any]:
    """Return the values of what needs benign and malignant lesions."""
    evaluation = results.external.evaluation
    tables, lesions = evaluation.tables, by_lesion(results.external.rows)
    averaged = [Classifier(each.name, each.kind, lesions.mean(each.score)) for each in evaluation.classifiers]
    fpr, tpr = counts["false_positive_rate"], counts["sensitivity"]
    areas = {name: of["roc_auc"]["value"] for name, of in _by_name(tables["scores"]).items()}
    described = ", ".join(f"{formatting.classifier(name)} {formatting.rate(area)}" for name, area in areas.items())
    measures: dict[str, dict[str, dict[str, float]]] = {}
    for row in tables["calibration"].to_dict("records"):
        measures.setdefault(row["name"], {})[row["metric"]] = {key: row[key] for key in VALUES}
    sizes = tables["sample_size"].set_index("metric").to_dict("index")
    net_benefit = replace(
        decision_chart(tables["decision_curve"], f"Decision curves {where}"),
        alt="Net benefit by threshold probability of the ensemble, its members, treating all and treating none.",
    )
    return {
        "roc": roc_chart(
            roc_rows(averaged, lesions.label, ""),
            (fpr, tpr) if fpr is not None and tpr is not None else None,
            f"ROC curves {where}",
            f"ROC curves of the ensemble and its members. ROC AUC: {described}.",
        ),
        "areas": [
            (formatting.classifier(each.name), colours.css(each.name), areas[each.name])
            for each in evaluation.classifiers
        ],
        "calibration_chart": calibration_chart(
            tables["calibration_curve"], tables["reliability"], f"Calibration {where}"
        ),
        "drawn": list(DRAWN.items()),
        "measures": measures,
        "decision_chart": net_benefit,
        "sample_sizes": [(title, sizes[metric]) for metric, title in SIZES.items()],
    }


def _by_name(scores: pd.DataFrame, point: str = "") -> dict[str, dict[str, dict[str, float]]]:
    """Return value, low and high by classifier and metric, by lesion; without a point only metrics that need none."""
    own = scores[(scores["unit"] == "lesion") & scores["point"].isin(["", point])]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in own.to_dict("records"):
        found.setdefault(row["name"], {})[row["metric"]] = {bound: float(row[bound]) for bound in BOUNDS}
    return found


def _values(scores: pd.DataFrame, point: str) -> dict[str, dict[str, float]]:
    return _by_name(scores, point).get(ENSEMBLE, {})


def _points(
    scores: pd.DataFrame, thresholds: Mapping[str, float], counts: Mapping[str, float | None]
) -> list[dict[str, Any]]:
    """Return sensitivity and specificity of the ensemble at each operating point, with the numbers of lesions."""
    found = []
    for point in ORDER:
        values = _values(scores[scores["point"] == point], point)
        row: dict[str, Any] = {"name": formatting.POINTS[point], "threshold": thresholds[point]}
        for metric, label in (("sensitivity", "malignant"), ("specificity", "benign")):
            of = values.get(metric, {})
            correct = round(of["value"] * (counts[label] or 0)) if of else None
            row[metric] = {**of, "correct": correct, "total": counts[label]}
        found.append(row)
    return found


def _groups(groups: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return the subgroups of each column, with their sizes and metrics at the operating point "sensitive"."""
    by_column: dict[str, list[dict[str, Any]]] = {}
    for (by, group), rows in groups[groups["point"].isin(["", "sensitive"])].groupby(["by", "group"]):
        sizes = {size: int(rows[size].iloc[0]) for size in ("images", "lesions", "malignant")}
        name = formatting.opening(formatting.diagnosis(str(group))) if by == "dx" else str(group)
        values = rows.set_index("metric")[BOUNDS].to_dict("index")
        by_column.setdefault(str(by), []).append({"name": name, **sizes, "values": values})
    return {title: by_column[by] for by, title in COLUMNS.items() if by in by_column}


def _recalls(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the recall of each diagnosis by lesion, then their mean; empty if the ensemble predicts no diagnoses."""
    own = scores[(scores["unit"] == "lesion") & scores["metric"].isin([RECALL, MEAN_RECALL]) & (scores["lesions"] > 0)]
    ordered = own.sort_values("dx", key=lambda dx: dx.replace("", "~"))
    found = []
    for row in ordered.to_dict("records"):
        name = formatting.opening(formatting.diagnosis(row["dx"])) if row["dx"] else "Mean recall"
        found.append({**{str(key): value for key, value in row.items()}, "name": name})
    return found
