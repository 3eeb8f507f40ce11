"""README.md and LICENCES.md of a bundle: the model card of the report in the format of Hugging Face."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dermoscopy.bundle.contents import Contents
from dermoscopy.networks.backbones import BACKBONES
from dermoscopy.networks.build import NO_WEIGHTS
from dermoscopy.networks.params import Transfer
from dermoscopy.report.dataset import Dataset

TEMPLATES = Path(__file__).parent / "templates"
REPOSITORY_LICENSE = "LICENSE"

# Key in metrics/test.json to the name of the metric on Hugging Face and in words.
METRICS = {
    "roc_auc": ("roc_auc", "ROC AUC"),
    "accuracy": ("accuracy", "Accuracy"),
    "sensitivity": ("recall", "Sensitivity"),
    "specificity": ("specificity", "Specificity"),
    "ppv": ("precision", "Positive predictive value"),
}
DATA_LICENCES = {
    "simulated": "The images were simulated by the code of this project: MIT, as the code.",
    "ham10000": "HAM10000 (Tschandl, Rosendahl and Kittler 2018, doi:10.7910/DVN/DBW86T): CC BY-NC 4.0. Name the "
    "authors. Weights that were trained on these images: use them for non-commercial purposes only.",
    "other": "The origin and the licence of the images are unknown. Ask whoever made this bundle before you use or "
    "share it.",
}
# Of the files that keras.applications publishes, as its documentation names them.
PUBLISHED_LICENCES = {
    "vgg16": "CC BY 4.0 (Visual Geometry Group, University of Oxford)",
    "vgg19": "CC BY 4.0 (Visual Geometry Group, University of Oxford)",
}
OTHER_PUBLISHED = "Apache License 2.0 (TensorFlow)"


def licence_id(dataset: Dataset, contents: Contents) -> str:
    """Return the licence of the weights, as Hugging Face names it.

    Args:
        dataset: Dataset of the run.
        contents: Content of the bundle.
    """
    if dataset.kind == "ham10000":
        return "cc-by-nc-4.0"
    return "mit" if dataset.kind == "simulated" and not starting_weights(contents) else "unknown"


def starting_weights(contents: Contents) -> dict[str, str]:
    """Return what each member's training started from, for members with starting weights."""
    found = {}
    for name, member in contents.members.items():
        parameters = member.parameters
        if not isinstance(parameters, Transfer) or parameters.weights == NO_WEIGHTS:
            continue
        source = contents.run.source.get("weights", {}).get(name, {})
        if "imagenet" in source:
            licence = PUBLISHED_LICENCES.get(parameters.backbone, OTHER_PUBLISHED)
            constructor = BACKBONES[parameters.backbone].constructor
            found[name] = f"{constructor} of keras.applications, trained on ImageNet: {licence}"
        else:
            digest = f", sha256 {source['sha256']}" if source.get("sha256") else ""
            found[name] = f"the file “{parameters.weights}”{digest}: see the licence of its publisher"
    return found


def front_matter(dataset: Dataset, contents: Contents, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of the model card, in the format of Hugging Face.

    Args:
        dataset: Dataset of the run.
        contents: Content of the bundle.
        metrics: Content of metrics/test.json.
    """
    values = [
        {"type": kind, "value": metrics[key], "name": f"{name}, test split, by image"}
        for key, (kind, name) in METRICS.items()
        if isinstance(metrics.get(key), float)
    ]
    title = dataset.title[:1].upper() + dataset.title[1:]
    result = {
        "task": {"type": "image-classification", "name": "Malignant or benign skin lesion"},
        "dataset": {"type": dataset.kind, "name": title, "split": "test", "config": f"protocol {metrics['protocol']}"},
        "metrics": values,
    }
    return {
        "license": licence_id(dataset, contents),
        "language": "en",
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["dermatoscopy", "skin-lesion", "ensemble", "not-a-medical-device", dataset.kind],
        "metrics": [kind for kind, _ in METRICS.values()],
        "model-index": [{"name": f"dermoscopy ensemble: {dataset.title}", "results": [result] if values else []}],
    }


def render_card(dataset: Dataset, contents: Contents, metrics: Mapping[str, Any], card: str) -> str:
    """Return README.md.

    Args:
        dataset: Dataset of the run.
        contents: Content of the bundle.
        metrics: Content of metrics/test.json.
        card: Model card of the report.
    """
    head = yaml.safe_dump(front_matter(dataset, contents, metrics), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{head}---\n\n{card.rstrip()}\n\n{_render('use.md.j2', dataset, contents)}"


def render_licences(dataset: Dataset, contents: Contents) -> str:
    """Return LICENCES.md."""
    return _render("licences.md.j2", dataset, contents)


def _render(template: str, dataset: Dataset, contents: Contents) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(template).render(
        contents=contents,
        data_licence=DATA_LICENCES[dataset.kind],
        starting_weights=starting_weights(contents),
    )
