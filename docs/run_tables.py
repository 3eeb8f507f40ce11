"""Numbers of a run, in Markdown, for docs/pages.py: from its metrics/ and plots/, and from dvc.yaml.

The folder of a run is that of the project, for the committed one, or a folder in docs/results/.
"""

import json
from pathlib import Path

import pandas as pd

from dermoscopy.core.params import read_yaml
from dermoscopy.report import paper
from dermoscopy.stats.headline import read_headline
from dermoscopy.stats.intervals import wilson_interval

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


def claims(folder: Path) -> str:
    """Return the claims of the paper, what its own numbers give and the metrics of a run, in Markdown."""
    test = read_headline(folder / "metrics")
    point = read_yaml((folder / "params.yaml").read_text())["evaluate"]["point"]
    prevalence = (pd.read_csv(folder / "plots/confusion.csv")["actual"] == "malignant").mean()
    accuracies = pd.read_csv(folder / "plots/best_epoch.csv").set_index(["name", "split"])["accuracy"]
    roc_aucs = pd.read_csv(folder / "plots/roc_auc.csv").set_index("kind")["value"]
    ensemble_sizes = pd.read_csv(folder / "plots/ensemble_sizes.csv")
    on_test = ensemble_sizes[ensemble_sizes["split"] == "test"]
    best = on_test[on_test["size"] == 1].sort_values("accuracy").iloc[-1]
    combined = on_test[(on_test["size"] == on_test["size"].max()) & (on_test["method"] == "accuracy_weighted")].iloc[0]
    counts = paper.MATRIX
    low, high = wilson_interval(counts.tn + counts.tp, counts.total, 0.95)

    def own(metric: str) -> str:
        bounded = test[metric]
        return f"{bounded['value']:.3f} ({bounded['low']:.3f} – {bounded['high']:.3f})"

    implied = " / ".join(f"{100 * model.prevalence:.0f} %" for model in paper.ROMERO)
    rows = [
        ("5.1", "accuracy 88.02 %", f"{counts.accuracy:.4f} ({low:.3f} – {high:.3f})", own("accuracy")),
        ("5.6", "accuracy 89 %", f"{counts.accuracy:.4f}", own("accuracy")),
        (
            "6",
            "accuracy over 88 % in testing",
            f"{counts.accuracy:.4f}, on images that also chose the epoch",
            own("accuracy"),
        ),
        ("5.2", "precision 80.64 %", f"{counts.ppv:.4f}: 80.65 %", own("ppv")),
        ("5.6", "precision 0.81", f"{counts.ppv:.4f}", own("ppv")),
        (
            "5.2",
            "recall 200/(200 + 78) = 204/278 = 73.53 %",
            f"200/272 = {counts.sensitivity:.4f}; 200/278 = {200 / 278:.4f}, 204/278 = {204 / 278:.4f}",
            own("sensitivity"),
        ),
        ("5.6", "sensitivity 0.82", f"{counts.sensitivity:.4f}", own("sensitivity")),
        (
            "5.1",
            "730 images *labeled* benign, of which 48 mislabeled",
            f"730 are benign; {counts.tn + counts.fn} were predicted benign, {counts.fn} of them are malignant",
            "malignant is the positive class throughout",
        ),
        (
            "3.2, 4.1",
            "8,000 benign, 2,000 malignant; melanoma and BCC 11 % each",
            f"{(counts.fn + counts.tp) / counts.total:.1%} of its test images are malignant, of HAM10000 19.5 %; "
            "BCC is 5.1 %",
            f"{prevalence:.1%} of the test images",
        ),
        (
            "3.3",
            "Inception V3: 99.78 % in training, 88.53 % in test",
            "its log names the latter val_accuracy, at the best epoch: there was no separate test split",
            f"by image, at the threshold 0.5: {accuracies['inception_v3', 'train']:.3f} on train (originals, without "
            f"dropout), {accuracies['inception_v3', 'val']:.3f} on val",
        ),
        (
            "3.3",
            "the ensemble is more accurate than any model used; and less than the one with 88.5 %",
            f"a difference of 0.5 points; the interval from 1,002 images is ± {100 * (high - low) / 2:.1f} points",
            f"at threshold 0.5, as in the paper: all members, weighted by accuracy, "
            f"{combined['accuracy']:.3f} ({combined['low']:.3f} – {combined['high']:.3f}); "
            f"best single member: {best['added']} {best['accuracy']:.3f} ({best['low']:.3f} – {best['high']:.3f})",
        ),
        (
            "3.3",
            "SGD 58.68 % in testing: the network is too deep for it",
            "chance is 50 % on a balanced dataset; the learning rate was not tuned",
            "–",
        ),
        (
            "5.6",
            "significantly better than Romero López (0.78, 81.3 %, 0.79)",
            f"other images, another task; sensitivity {counts.sensitivity:.3f} against 0.787, so it is lower. "
            f"The rows M1 / M2 / M3 of Romero López imply a prevalence of {implied}, so they are not from one test set",
            own("sensitivity"),
        ),
        (
            "5.3",
            "an ROC curve without a ROC AUC",
            "–",
            f"ROC AUC {own('roc_auc')}; best member {roc_aucs['member'].max():.3f}",
        ),
    ]
    head = [
        f"| section | the paper states | its own numbers give | this run: test, by image, at *{point}* |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])
