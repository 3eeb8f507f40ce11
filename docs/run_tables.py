"""Numbers of a run, in Markdown, for docs/pages.py: from its metrics/ and plots/, and from dvc.yaml.

The folder of a run is that of the project, for the committed one, or a folder in docs/results/.
"""

import json
from pathlib import Path

import pandas as pd

from dermoscopy.core.params import read_yaml
from dermoscopy.stats.headline import read_headline

HEADLINE = {
    "roc_auc": "ROC AUC",
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "ppv": "precision",
    "specificity": "specificity",
}


def results(folder: Path) -> str:
    """Return the main metrics and the table of ROC AUCs of a run, in Markdown."""
    test = read_headline(folder / "metrics")
    members = json.loads((folder / "metrics/val.json").read_text())["members"]
    counts = json.loads((folder / "metrics/audit.json").read_text())["splits"]["test"]
    params = read_yaml((folder / "params.yaml").read_text())
    confusion = pd.read_csv(folder / "plots/confusion.csv")
    malignant, benign = (confusion["actual"] == label for label in ("malignant", "benign"))
    predicted_malignant = confusion["predicted"] == "malignant"
    confidence = f"{100 * params['evaluate']['confidence']:g} %"
    metrics = [f"| headline (test, by image) | value | {confidence} interval |", "|---|---|---|"]
    for metric, name in HEADLINE.items():
        bounded = test[metric]
        metrics.append(f"| {name} | {bounded['value']:.3f} | {bounded['low']:.3f} – {bounded['high']:.3f} |")
    true_positives = (malignant & predicted_malignant).sum()
    false_positives = (benign & predicted_malignant).sum()
    selected = ", ".join(members) if len(members) > 1 else f"the single member {members[0]}"
    headline = (
        f"The **headline** of a run is the ensemble on the test split, by image, at the operating point "
        f"*{params['evaluate']['point']}*. The test split has {len(confusion)} images of {counts['lesions']} lesions. "
        f"Of all combinations of the members, validation selected {selected}. The threshold of the operating point "
        f"was also chosen on validation. With it, the ensemble predicts {true_positives} of "
        f"{malignant.sum()} malignant images as malignant (true positives), and also {false_positives} of "
        f"{benign.sum()} benign images (false positives)."
    )
    scores = pd.read_csv(folder / "plots/roc_auc.csv", keep_default_na=False, na_values={"low": [""], "high": [""]})
    kinds = {"ensemble": "ensembles", "member": "members", "baseline": "baselines", "ceiling": "ceiling"}
    within = "within_source" in scores
    columns = ["", "", "ROC AUC (test, by image)", f"{confidence} interval"]
    columns += ["within source", f"{confidence} interval"] if within else []
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for kind, plural in kinds.items():
        of_kind = scores[scores["kind"] == kind].sort_values("value", ascending=False, kind="stable")
        for row in of_kind.itertuples():
            cells = [plural, row.name, f"{row.value:.3f}", f"{row.low:.3f} – {row.high:.3f}"]
            if within:
                cells += [f"{row.within_source:.3f}", f"{row.within_low:.3f} – {row.within_high:.3f}"]
            rows.append(f"| {' | '.join(cells)} |")
            plural = ""
    baselines = scores[(scores["kind"] == "baseline") & (scores["name"] != "dx_type")]
    best = baselines.loc[baselines["value"].idxmax()]
    ensemble = scores[scores["kind"] == "ensemble"].iloc[0]
    overlap = ensemble["low"] <= best["high"] and best["low"] <= ensemble["high"]
    verdict = f"The best baseline without `dx_type` is {best['name']}. " + (
        "Its interval and that of the ensemble overlap: see the paired tests in the report."
        if overlap
        else "Its interval and that of the ensemble do not overlap."
    )
    return "\n\n".join([headline, "\n".join(metrics), "\n".join(rows), verdict])


def dag() -> str:
    """Return the graph of the stages without implied edges, in Mermaid."""
    stages = read_yaml(Path("dvc.yaml").read_text())["stages"]
    members = stages["train"]["matrix"]["member"]

    def paths(name: str, *keys: str) -> set[str]:
        entries = [entry for key in keys for entry in stages[name].get(key, [])]
        names = [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]
        return {path.replace("${item.member}", member) for path in names for member in members}

    inputs = {
        name: {source for source in stages if paths(source, "outs", "metrics") & paths(name, "deps")} for name in stages
    }

    def ancestors(name: str) -> set[str]:
        return inputs[name].union(*(ancestors(source) for source in inputs[name]))

    lines = ["```mermaid", "flowchart LR"]
    for name, direct in inputs.items():
        implied = set().union(*(ancestors(source) for source in direct))
        lines += [f"    {source} --> {name}" for source in stages if source in direct - implied]
    lines.append(f'    train["train<br/><small>{", ".join(members)}</small>"]')
    return "\n".join([*lines, "```"])
