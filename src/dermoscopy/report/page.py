"""Write the report page, the model card and the page of the checklists from the same values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dermoscopy.baselines.params import SOURCE
from dermoscopy.core.files import write_text
from dermoscopy.core.protocol import title_suffix
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.report import colours, dataset, formatting, paper
from dermoscopy.report.charts import curve_charts, roc_chart
from dermoscopy.report.checklists import REPORT, about_checklists, conditions, headings
from dermoscopy.report.data import (
    about_data,
    all_metrics,
    by_diagnosis,
    chosen_epochs,
    computed_metrics,
    confusion_matrix,
    headline,
    headline_counts,
)
from dermoscopy.report.decisions import about_decisions
from dermoscopy.report.diagnoses import about_diagnoses
from dermoscopy.report.ensemble import about_ensemble, best, intervals, of_baseline
from dermoscopy.report.ensemble_diagram import ensemble_diagram
from dermoscopy.report.ensemble_sizes import ensemble_sizes
from dermoscopy.report.figure import Chart
from dermoscopy.report.formatting import data_uri
from dermoscopy.report.inputs import Parameters, Sources
from dermoscopy.report.net_benefit import about_net_benefit
from dermoscopy.report.paper_figures import paper_figures
from dermoscopy.report.probabilities import about_probabilities
from dermoscopy.report.used import about_networks, about_run, output_classes

TEMPLATES = Path(__file__).parent / "templates"
FILTERS = ("bounded", "classifier", "count", "listing", "opening", "percent", "plural", "probability", "rate", "signed")


def write_report(sources: Sources, parameters: Parameters, folder: Path) -> None:
    """Write index.html, a page that needs no other file, model_card.md, and checklists.html.

    Args:
        sources: Outputs of the other stages.
        parameters: Parameters of the report.
        folder: Output folder of the three files, data/report of the project.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name in FILTERS:
        environment.filters[name] = getattr(formatting, name)
    environment.globals |= {"interval": _interval, "ratio": formatting.ratio}
    values = gather(sources, parameters)
    page = environment.get_template("page.html.j2").render(values)
    write_text(folder / REPORT, page)
    values["checklists"] = about_checklists(conditions(sources, parameters.split), headings(page))
    for template, name in (("card.md.j2", "model_card.md"), ("checklists.html.j2", "checklists.html")):
        write_text(folder / name, environment.get_template(template).render(values))


def gather(sources: Sources, parameters: Parameters) -> dict[str, Any]:
    """Return all values of the templates by name."""
    ensemble, evaluate, report = parameters.ensemble, parameters.evaluate, parameters.report
    suffix = title_suffix(sources.protocol)
    points = sources.points[sources.points["name"] == ENSEMBLE].set_index("point")["threshold"]
    threshold = float(points[evaluate.point])
    counts = headline_counts(confusion_matrix(sources.predictions, threshold))
    test, chosen = headline(sources, evaluate.point), chosen_epochs(sources.best_epoch)
    sizes = ensemble_sizes(sources, ensemble.threshold, suffix)
    wrong = data_uri(sources.explain / "wrong.png", report.image_width)
    activations = {
        member: data_uri(sources.explain / f"activations_{member}.png", report.image_width) for member in chosen
    }
    return {
        "page": report,
        "colour_rules": colours.rules(),
        "sources": sources,
        "published": {"images": dataset.IMAGES, "ids": dataset.IDS},
        "test": test,
        "suffix": suffix,
        "included": sources.included,
        "confidence": f"{100 * evaluate.confidence:g} %",
        "resamples": evaluate.resamples,
        "ensemble": ensemble,
        "evaluate": evaluate,
        "method": formatting.classifier(sources.choice.method).lower(),
        "threshold": f"{threshold:.3f}",
        "point": formatting.POINTS[evaluate.point],
        "combined": [formatting.classifier(member) for member in sources.choice.members],
        "malignant": [formatting.diagnosis(dx) for dx in parameters.policy.malignant.split("+")],
        "counts": counts,
        **about_run(sources, parameters),
        **about_data(sources, parameters.split, suffix, report.image_width // 2),
        "found": sources.audit.get("found", {}),
        "intervals": intervals(sources.roc_auc),
        "best_member": best(sources.roc_auc, "member"),
        "best_baseline": best(sources.roc_auc, "baseline"),
        "upper_bound": best(sources.roc_auc, "ceiling"),
        "source_alone": of_baseline(sources.roc_auc, SOURCE),
        "all_metrics": {
            unit: all_metrics(sources.evaluation["scores"], unit, evaluate.point) for unit in ("image", "lesion")
        },
        "metrics": computed_metrics(sources.evaluation["scores"]),
        "by_diagnosis": by_diagnosis(sources.predictions, threshold),
        **about_decisions(sources, ensemble, suffix),
        **about_diagnoses(sources),
        **about_probabilities(sources, suffix),
        **about_net_benefit(sources, suffix),
        **about_ensemble(sources, evaluate.confidence),
        **_diagrams(sources, parameters, threshold, suffix),
        "ensemble_sizes": sizes,
        "roc": _roc(sources, counts, suffix),
        "accuracy_charts": curve_charts(sources.curves, chosen, "accuracy", suffix),
        "roc_auc_charts": curve_charts(sources.curves, chosen, "roc_auc", suffix),
        "loss_charts": curve_charts(sources.curves, chosen, "loss", suffix),
        "training": [
            (formatting.classifier(member), colours.css(member), metrics) for member, metrics in chosen.items()
        ],
        "comparison": paper.comparison(_own(sources), _data(sources, test)),
        "paper_metrics": paper.SHOWN,
        "paper_size": paper.IMAGE_SIZE,
        "paper_matrix": paper.MATRIX,
        "gradcam": data_uri(sources.explain / "gradcam.png", report.image_width),
        "localization": [
            (formatting.classifier(str(name)), colours.css(str(name)), rows.set_index("weights").to_dict("index"))
            for name, rows in sources.localization.groupby("name")
        ],
        "wrong": wrong,
        "activations": [(member, formatting.classifier(member), maps) for member, maps in activations.items()],
        "paper_figures": paper_figures(
            [path.stem for path in sources.sheets.glob("*.png")],
            [name for name, maps in activations.items() if maps],
            sum(order.chart is not None for order in sizes),
            formatting.POINTS[evaluate.point],
            wrong=wrong is not None,
        ),
    }


def _diagrams(sources: Sources, parameters: Parameters, threshold: float, suffix: str) -> dict[str, Any]:
    """Return the diagrams of the networks and of the ensemble, and the members that are not in the ensemble."""
    decision = formatting.POINTS[parameters.evaluate.point], threshold
    classes, calibration = output_classes(parameters.training), parameters.ensemble.calibration
    left_out = [name for name in parameters.models if name not in sources.choice.members]
    return {
        "networks": about_networks(sources, parameters, suffix),
        "ensemble_diagram": ensemble_diagram(sources, parameters.models, classes, calibration, decision, suffix),
        "left_out_members": [formatting.classifier(name) for name in left_out],
    }


def _interval(low: float | None, high: float | None, format_name: str = "rate") -> str:
    """Return both bounds of an interval, each formatted by a function of `formatting`."""
    return formatting.interval(low, high, getattr(formatting, format_name))


def _roc(sources: Sources, counts: Mapping[str, float | None], suffix: str) -> Chart:
    fpr, tpr = counts["false_positive_rate"], counts["sensitivity"]
    operating = (fpr, tpr) if fpr is not None and tpr is not None else None
    areas = sources.roc_auc[sources.roc_auc["kind"].isin(["ensemble", "member"])].to_dict("records")
    values = ", ".join(f"{formatting.classifier(row['name'])} {formatting.rate(row['value'])}" for row in areas)
    alt = f"ROC curves of the ensemble and its members. ROC AUC: {values}."
    return roc_chart(sources.roc, operating, f"ROC curves on the test split, by image{suffix}", alt)


def _own(sources: Sources) -> dict[str, float | None]:
    """Return the metrics of this run at the threshold of the paper, by image as in the paper."""
    scores = sources.evaluation["scores"]
    rows = scores[(scores["name"] == ENSEMBLE) & (scores["unit"] == "image") & (scores["point"] == "half")]
    metrics = {str(metric): value for metric, value in zip(rows["metric"], rows["value"], strict=True)}
    return {**metrics, "precision": metrics.get("ppv")}


def _data(sources: Sources, test: Mapping[str, Any]) -> str:
    images, lesions = (formatting.count(test[key]) for key in ("images", "lesions"))
    split = f"test split: {images} images{sources.included} of {lesions} lesions"
    return f"{sources.dataset.title}; {split}; protocol {sources.protocol_title}"
