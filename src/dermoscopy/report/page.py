"""The page and the model card, from the same facts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dermoscopy.core.files import write_text
from dermoscopy.ensemble.params import Ensemble
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.report import data as findings
from dermoscopy.report import ensemble as intervals
from dermoscopy.report import formatting as names
from dermoscopy.report import formatting as numbers
from dermoscopy.report import paper
from dermoscopy.report.charts import about_probabilities, curve_charts, roc_chart
from dermoscopy.report.data import about_data
from dermoscopy.report.decisions import about_decisions
from dermoscopy.report.ensemble import about_ensemble
from dermoscopy.report.figure import Chart
from dermoscopy.report.formatting import data_uri
from dermoscopy.report.inputs import Sources
from dermoscopy.report.params import Report
from dermoscopy.split.params import Policy, Split
from dermoscopy.stats.headline import HEADLINE
from dermoscopy.stats.metrics import METRICS

TEMPLATES = Path(__file__).parent / "templates"


def write_report(
    sources: Sources, policy: Policy, split: Split, ensemble: Ensemble, evaluate: Evaluate, report: Report, folder: Path
) -> None:
    """Write index.html, one page that needs no other file, and model_card.md.

    Args:
        sources: What other stages left.
        policy: Which diagnoses are malignant.
        split: Whether test holds confirmed lesions only.
        ensemble: How members are combined.
        evaluate: Confidence of the intervals.
        report: Title and width of images.
        folder: Where both files go.
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
    words = (names.listing, names.opening)
    figures = (numbers.rate, numbers.percent, numbers.signed, numbers.count, numbers.plural)
    for written in (*figures, numbers.bounded, numbers.probability, *words):
        environment.filters[written.__name__] = written
    environment.filters["classifier"] = names.classifier
    environment.globals |= {"interval": _interval, "ratio": numbers.ratio}
    facts = gather(sources, policy, split, ensemble, evaluate, report)
    for template, name in (("page.html.j2", "index.html"), ("card.md.j2", "model_card.md")):
        text = environment.get_template(template).render(facts)
        write_text(folder / name, text)


def gather(
    sources: Sources, policy: Policy, split: Split, ensemble: Ensemble, evaluate: Evaluate, report: Report
) -> dict[str, Any]:
    """Return everything the templates need, by the names they use."""
    suffix = " (leaky protocol)" if sources.leaky else ""
    points = sources.points[sources.points["name"] == "ensemble"].set_index("point")["threshold"]
    threshold = float(points[evaluate.point])
    counts = findings.headline_counts(findings.counted(sources.predictions, threshold))
    nothing = dict.fromkeys(("value", "low", "high"))
    return {
        "page": report,
        "sources": sources,
        # What metrics/test.json should lack is a dash on the page.
        "test": {"images": None, "lesions": None, **dict.fromkeys(HEADLINE, nothing)} | sources.test,
        "suffix": suffix,
        "confidence": f"{100 * evaluate.confidence:g} %",
        "resamples": evaluate.resamples,
        "ensemble": ensemble,
        "evaluate": evaluate,
        "method": names.classifier(sources.choice.method).lower(),
        "threshold": f"{threshold:.3f}",
        "point": names.POINTS[evaluate.point],
        "combined": [names.classifier(member) for member in sources.choice.members],
        "malignant": [names.diagnosis(dx) for dx in policy.malignant.split("+")],
        "counts": counts,
        **about_data(sources, split, suffix, report.image_width // 2),
        "found": sources.audit.get("found", {}),
        "intervals": intervals.intervals(sources.roc_auc),
        "best_member": intervals.best(sources.roc_auc, "member"),
        "best_baseline": intervals.best(sources.roc_auc, "baseline"),
        "ceiling": intervals.best(sources.roc_auc, "ceiling"),
        "all_metrics": {
            unit: findings.all_metrics(sources.judged["scores"], unit, evaluate.point) for unit in ("image", "lesion")
        },
        "metrics": METRICS,
        "by_diagnosis": findings.by_diagnosis(sources.predictions, threshold),
        **about_decisions(sources, ensemble, suffix),
        **about_probabilities(sources, suffix),
        **about_ensemble(sources, evaluate.confidence),
        "roc": _roc(sources, counts, suffix),
        "accuracy_charts": curve_charts(sources.curves, sources.training, "accuracy", suffix),
        "roc_auc_charts": curve_charts(sources.curves, sources.training, "roc_auc", suffix),
        "loss_charts": curve_charts(sources.curves, sources.training, "loss", suffix),
        "training": [(names.classifier(member), names.css(member), told) for member, told in sources.training.items()],
        "comparison": paper.comparison(_own(sources), _data(sources)),
        "paper_metrics": paper.SHOWN,
        "paper_matrix": paper.MATRIX,
        "wrong": data_uri(sources.explain / "wrong.png", report.image_width),
        "activations": [
            (names.classifier(member), data_uri(sources.explain / f"activations_{member}.png", report.image_width))
            for member in sources.training
        ],
    }


def _interval(low: float | None, high: float | None, written: str = "rate") -> str:
    """Return both bounds of an interval, written as a figure of `numbers` is."""
    return numbers.interval(low, high, getattr(numbers, written))


def _roc(sources: Sources, counts: Mapping[str, float | None], suffix: str) -> Chart:
    fpr, tpr = counts["alarms"], counts["found"]
    operating = (fpr, tpr) if fpr is not None and tpr is not None else None
    areas = sources.roc_auc[sources.roc_auc["kind"].isin(["ensemble", "member"])].to_dict("records")
    values = ", ".join(f"{names.classifier(row['name'])} {numbers.rate(row['value'])}" for row in areas)
    alt = f"ROC curves of the ensemble and its members. Areas below them: {values}."
    return roc_chart(sources.roc, operating, f"ROC curves on the test split{suffix}", alt)


def _own(sources: Sources) -> dict[str, float | None]:
    """Return this run's figures at the paper's threshold, by image as the paper has them."""
    scores = sources.judged["scores"]
    rows = scores[(scores["name"] == "ensemble") & (scores["unit"] == "image") & (scores["point"] == "half")]
    found = {str(metric): value for metric, value in zip(rows["metric"], rows["value"], strict=True)}
    return {**found, "precision": found.get("ppv")}


def _data(sources: Sources) -> str:
    images, lesions = (numbers.count(sources.test.get(key)) for key in ("images", "lesions"))
    dataset = "simulated dataset" if sources.simulated else "HAM10000"
    return f"{dataset}, {images} images of {lesions} lesions; protocol {sources.protocol}"
