"""The page and the model card, from the same facts."""

from pathlib import Path
from typing import Any

from dermoscopy.evaluation.ensembles import operating_threshold
from dermoscopy.evaluation.metrics import METRICS
from dermoscopy.params.ensemble import Ensemble
from dermoscopy.params.evaluate import Evaluate
from dermoscopy.params.policy import Policy
from dermoscopy.params.report import Report
from dermoscopy.params.split import Split
from dermoscopy.report import findings, intervals, names, numbers, paper
from dermoscopy.report.curves import curve_charts
from dermoscopy.report.data import about_data
from dermoscopy.report.pictures import data_uri
from dermoscopy.report.roc import roc_chart
from dermoscopy.report.sources import MEMBERS, Sources

# What metrics/test.json holds; what it should lack is a dash on the page.
HEADLINE = ("images", "lesions", "tn", "fp", "fn", "tp", *METRICS, "roc_auc_low", "roc_auc_high")
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
        report: Title and width of pictures.
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
    for written in (numbers.rate, numbers.percent, numbers.signed, numbers.count, numbers.plural, *words):
        environment.filters[written.__name__] = written
    environment.globals |= {"interval": numbers.interval, "ratio": numbers.ratio}
    facts = gather(sources, policy, split, ensemble, evaluate, report)
    folder.mkdir(parents=True, exist_ok=True)
    for template, name in (("page.html.j2", "index.html"), ("card.md.j2", "model_card.md")):
        text = environment.get_template(template).render(facts)
        (folder / name).write_text(text, encoding="utf-8")


def gather(
    sources: Sources, policy: Policy, split: Split, ensemble: Ensemble, evaluate: Evaluate, report: Report
) -> dict[str, Any]:
    """Return everything the templates need, by the names they use."""
    suffix = " (leaky protocol)" if sources.leaky else ""
    threshold = operating_threshold(ensemble.method, ensemble.threshold)
    counts = findings.headline_counts(sources.test)
    training = {member: sources.training[member] for member in MEMBERS}
    return {
        "page": report,
        "sources": sources,
        "test": dict.fromkeys(HEADLINE) | sources.test,
        "suffix": suffix,
        "confidence": f"{100 * evaluate.confidence:g} %",
        "resamples": evaluate.resamples,
        "ensemble": ensemble,
        "method": names.classifier(ensemble.method).lower(),
        "threshold": f"{threshold:g}",
        "combined": [names.classifier(member) for member in ensemble.members],
        "malignant": [names.diagnosis(dx) for dx in policy.malignant.split("+")],
        "counts": counts,
        **about_data(sources, split, suffix, report.picture_width // 2),
        "found": sources.audit.get("found", {}),
        "intervals": intervals.intervals(sources.roc_auc),
        "best_member": intervals.best(sources.roc_auc, "member"),
        "best_baseline": intervals.best(sources.roc_auc, "baseline"),
        "ceiling": intervals.best(sources.roc_auc, "truth"),
        "all_metrics": findings.all_metrics(sources.scores),
        "by_diagnosis": findings.by_diagnosis(sources.predictions, threshold),
        "roc": _roc(sources, suffix),
        "accuracy_charts": curve_charts(sources.curves, training, "accuracy", suffix),
        "roc_auc_charts": curve_charts(sources.curves, training, "roc_auc", suffix),
        "loss_charts": curve_charts(sources.curves, training, "loss", suffix),
        "training": [(names.classifier(member), names.css(member), training[member]) for member in MEMBERS],
        "weights": [
            (names.classifier(row["member"]), names.css(row["member"]), row["accuracy"], row["weight"])
            for row in sources.weights.to_dict("records")
        ],
        "paper": paper.rows(sources.test),
        "paper_matrix": paper.MATRIX,
        "wrong": data_uri(sources.explain / "wrong.png", report.picture_width),
        "activations": [
            (names.classifier(member), data_uri(sources.explain / f"activations_{member}.png", report.picture_width))
            for member in MEMBERS
        ],
    }


def _roc(sources: Sources, suffix: str) -> Any:
    counts = findings.headline_counts(sources.test)
    fpr, tpr = counts["alarms"], counts["found"]
    operating = (fpr, tpr) if fpr is not None and tpr is not None else None
    areas = sources.roc_auc[sources.roc_auc["kind"].isin(["ensemble", "member"])].to_dict("records")
    values = ", ".join(f"{names.classifier(row['name'])} {numbers.rate(row['value'])}" for row in areas)
    alt = f"ROC curves of the ensemble and its members. Areas below them: {values}."
    return roc_chart(sources.roc, operating, f"ROC curves on the test part{suffix}", alt)
