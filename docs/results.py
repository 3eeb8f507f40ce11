"""Write the figures in README and docs/ from what git keeps: metrics/, plots/, dvc.yaml and the tables of benchmarks/.

python docs/results.py
"""

import json
import re
from pathlib import Path

import pandas as pd

from dermoscopy.core.params import read_yaml
from dermoscopy.report import paper as audit
from dermoscopy.stats.intervals import wilson_interval

README, DATA, PAPER = Path("README.md"), Path("docs/data.md"), Path("docs/paper.md")
TRAINING, SEARCH, PARALLEL = Path("docs/training.md"), Path("docs/search.md"), Path("docs/parallel.md")

HEADLINE = {"accuracy": "accuracy", "sensitivity": "sensitivity", "ppv": "precision", "specificity": "specificity"}


def results() -> str:
    """Return the headline and the table of ROC AUCs, in Markdown."""
    test = json.loads(Path("metrics/test.json").read_text())
    val = json.loads(Path("metrics/val.json").read_text())
    params = read_yaml(Path("params.yaml").read_text())
    calls = pd.read_csv("plots/confusion.csv")
    of = {kind: (calls["actual"] == kind) for kind in ("malignant", "benign")}
    called = calls["predicted"] == "malignant"
    figures = ", ".join(
        f"{name} {test[metric]['value']:.3f} ({test[metric]['low']:.3f} – {test[metric]['high']:.3f})"
        for metric, name in HEADLINE.items()
    )
    found, malignant = (of["malignant"] & called).sum(), of["malignant"].sum()
    alarms, benign = (of["benign"] & called).sum(), of["benign"].sum()
    headline = (
        f"On the test part ({test['images']} photographs of {test['lesions']} lesions), at the operating point "
        f"*{params['evaluate']['point']}* that validation fixed, the ensemble finds {found} of {malignant} malignant "
        f"photographs and calls {alarms} of {benign} benign ones malignant: {figures}. "
        f"Of all combinations of the members validation chose this one: {val['ensemble']}."
    )
    confidence = params["evaluate"]["confidence"]
    scores = pd.read_csv("plots/roc_auc.csv", keep_default_na=False, na_values={"low": [""], "high": [""]})
    kinds = {"ensemble": "ensembles", "member": "members", "baseline": "baselines", "truth": "ceiling"}
    rows = [f"| | | ROC AUC | {100 * confidence:g} % interval |", "|---|---|---|---|"]
    for kind, plural in kinds.items():
        of_kind = scores[scores["kind"] == kind].sort_values("value", ascending=False, kind="stable")
        for row in of_kind.itertuples():
            rows.append(f"| {plural} | {row.name} | {row.value:.3f} | {row.low:.3f} – {row.high:.3f} |")
            plural = ""
    baselines = scores[(scores["kind"] == "baseline") & (scores["name"] != "dx_type")]
    best = baselines.loc[baselines["value"].idxmax()]
    ensemble = scores[scores["kind"] == "ensemble"].iloc[0]
    alike = ensemble["low"] <= best["high"] and best["low"] <= ensemble["high"]
    verdict = f"Of the baselines without the leak, {best['name']} comes first; " + (
        "its interval and the ensemble's overlap: paired tests, in the report, have to say whether one is better."
        if alike
        else "its interval and the ensemble's lie apart."
    )
    return "\n\n".join([headline, "\n".join(rows), verdict])


def dag() -> str:
    """Return the stages and the shortest set of edges between them, as a Mermaid drawing."""
    stages = read_yaml(Path("dvc.yaml").read_text())["stages"]
    members = stages["train"]["matrix"]["member"]

    def paths(name: str, *keys: str) -> set[str]:
        entries = [entry for key in keys for entry in stages[name].get(key, [])]
        names = [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]
        return {path.replace("${item.member}", member) for path in names for member in members}

    needs = {
        name: {other for other in stages if paths(other, "outs", "metrics") & paths(name, "deps")} for name in stages
    }

    def reach(name: str) -> set[str]:
        return needs[name].union(*(reach(other) for other in needs[name]))

    lines = ["```mermaid", "flowchart LR"]
    for name, direct in needs.items():
        implied = set().union(*(reach(other) for other in direct))
        lines += [f"    {other} --> {name}" for other in stages if other in direct - implied]
    lines.append(f'    train["train<br/><small>{", ".join(members)}</small>"]')
    return "\n".join([*lines, "```"])


def protocols() -> str:
    """Return the test ROC AUC of each archive under each protocol, in Markdown."""
    table = pd.read_csv("docs/protocols.csv")
    named = list(dict.fromkeys(table["protocol"]))
    rows = ["| | | " + " | ".join(named) + " |", "|---" * (len(named) + 2) + "|"]
    for archive, of_archive in table.groupby("archive", sort=False):
        about = of_archive.drop_duplicates("protocol").set_index("protocol").loc[named]
        rows.append(f"| {archive} | test pictures | " + " | ".join(map(str, about["test_images"])) + " |")
        known = " | ".join(f"{100 * share:.0f} %" for share in about["known"])
        rows.append(f"| | of them, of a lesion that is in train | {known} |")
        for name, of_name in of_archive.groupby("name", sort=False):
            cells = [
                f"{row.roc_auc:.3f} ({row.low:.3f} – {row.high:.3f})"
                for row in of_name.set_index("protocol").loc[named].itertuples()
            ]
            rows.append(f"| | {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def near_duplicates() -> str:
    """Return what perceptual hashes find on HAM10000 at growing distances, in Markdown."""
    rows = [
        "| largest distance, of 256 bits | pairs of two lesions | of 18 confirmed | pairs of one lesion, of 3,207 |",
        "|---|---|---|---|",
    ]
    for row in pd.read_csv("docs/near_duplicates.csv").itertuples(index=False):
        rows.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(rows)


def table(path: str, **formats: str) -> str:
    """Return a table of benchmarks/ in Markdown.

    Args:
        path: Of the table.
        formats: Column to how its values are written; other columns are left out.
    """
    rows = [
        [format(getattr(row, name), form) for name, form in formats.items()] for row in pd.read_csv(path).itertuples()
    ]
    head = [f"| {' | '.join(formats)} |", "|---" * len(formats) + "|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def waiting() -> str:
    """Return what input and the frozen phase cost, in Markdown."""
    measured = pd.read_csv("docs/training.csv")
    ways = [("memory", False), ("memory", True), ("disk", False), ("disk", True)]
    named = [f"{place}{', augmented' if augment else ''}" for place, augment in ways]
    lines = [f"| | {' | '.join(named)} |", "|---" * (len(ways) + 1) + "|"]
    frozen = measured[measured["measure"] == "frozen phase"].set_index("member")["value"]
    cells = measured.set_index(["member", "measure", "kept", "augment"])["value"].sort_index()
    for member in measured["member"].unique():
        shares = [
            " / ".join(
                f"{100 * cells[member, measure, *way]:.1f} %" for measure in ("waiting for input", "input alone")
            )
            for way in ways
        ]
        lines.append(f"| {member} | {' | '.join(shares)} |")
    passes = " and ".join(f"{value:.2f} with {member}" for member, value in frozen.items())
    told = (
        f"Ten frozen epochs, features stored first, cost as much as this many forward passes of the backbone: {passes}."
    )
    return "\n".join([*lines, "", told])


def claims() -> str:
    """Return what the paper claims, what its own numbers give and what this run gives, in Markdown."""
    test = json.loads(Path("metrics/test.json").read_text())
    point = read_yaml(Path("params.yaml").read_text())["evaluate"]["point"]
    share = (pd.read_csv("plots/confusion.csv")["actual"] == "malignant").mean()
    chosen = pd.read_csv("plots/chosen.csv").set_index(["name", "part"])["accuracy"]
    areas = pd.read_csv("plots/roc_auc.csv").set_index("kind")["value"]
    growing = pd.read_csv("plots/growing.csv")
    on_test = growing[growing["part"] == "test"]
    best = on_test[on_test["size"] == 1].sort_values("accuracy").iloc[-1]
    everyone = on_test[(on_test["size"] == on_test["size"].max()) & (on_test["method"] == "accuracy_weighted")].iloc[0]
    counts = audit.MATRIX
    low, high = wilson_interval(counts.tn + counts.tp, counts.total, 0.95)

    def own(metric: str) -> str:
        of = test[metric]
        return f"{of['value']:.3f} ({of['low']:.3f} – {of['high']:.3f})"

    needed = " / ".join(f"{100 * one.prevalence:.0f} %" for one in audit.ROMERO)
    rows = [
        ("5.1", "accuracy 88.02 %", f"{counts.accuracy:.4f} ({low:.3f} – {high:.3f})", own("accuracy")),
        ("5.6", "accuracy 89 %", f"{counts.accuracy:.4f}", own("accuracy")),
        (
            "6",
            "accuracy over 88 % in testing",
            f"{counts.accuracy:.4f}, of pictures that chose the epoch",
            own("accuracy"),
        ),
        ("5.2", "precision 80.64 %", f"{counts.precision:.4f}: 80.65 %", own("ppv")),
        ("5.6", "precision 0.81", f"{counts.precision:.4f}", own("ppv")),
        (
            "5.2",
            "recall 200/(200 + 78) = 204/278 = 73.53 %",
            f"200/272 = {counts.recall:.4f}; 200/278 = {200 / 278:.4f}, 204/278 = {204 / 278:.4f}",
            own("sensitivity"),
        ),
        ("5.6", "sensitivity 0.82", f"{counts.recall:.4f}", own("sensitivity")),
        (
            "5.1",
            "730 images *labeled* benign, of which 48 mislabeled",
            f"730 are benign; {counts.tn + counts.fn} were called benign, {counts.fn} of them malignant",
            "malignant is the positive class throughout",
        ),
        (
            "3.2, 4.1",
            "8,000 benign, 2,000 malignant; melanoma and BCC 11 % each",
            f"{(counts.fn + counts.tp) / counts.total:.1%} of its test images are malignant, of HAM10000 19.5 %; "
            "BCC is 5.1 %",
            f"{share:.1%} of the test photographs",
        ),
        (
            "3.3",
            "Inception V3: 99.78 % in training, 88.53 % in test",
            "its log calls the latter val_accuracy, of the best epoch: no third part",
            f"{chosen['inception_v3', 'train']:.3f} in training, {chosen['inception_v3', 'val']:.3f} on val",
        ),
        (
            "3.3",
            "the ensemble is more accurate than any model used; and less than the one with 88.5 %",
            f"a difference of half a point, where 1,002 images tell {100 * (high - low) / 2:.1f} points either way",
            f"at 0.5, as the paper: all four, weighted by accuracy, "
            f"{everyone['accuracy']:.3f} ({everyone['low']:.3f} – {everyone['high']:.3f}); "
            f"best alone: {best['added']} {best['accuracy']:.3f} ({best['low']:.3f} – {best['high']:.3f})",
        ),
        (
            "3.3",
            "SGD 58.68 % in testing: the network is too deep for it",
            "half of a balanced set is 50 %: near chance, of a learning rate it did not tune",
            "–",
        ),
        (
            "5.6",
            "significantly better than Romero López (0.78, 81.3 %, 0.79)",
            f"other images, another task; sensitivities {counts.recall:.3f} and 0.787: it finds fewer. "
            f"Romero López’s M1 / M2 / M3 need {needed} malignant images to be true of one test set",
            own("sensitivity"),
        ),
        (
            "5.3",
            "an ROC curve without its area",
            "–",
            f"ROC AUC {own('roc_auc')}; best member {areas['member'].max():.3f}",
        ),
    ]
    head = [f"| section | the paper says | its own numbers give | this run gives (at *{point}*) |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def render(page: str, **sections: str) -> str:
    """Return a page with its sections written anew.

    Args:
        page: Its text, each section between its markers.
        sections: Name to text.
    """
    for section, text in sections.items():
        pattern = rf"(<!-- {section}: [^>]*-->\n).*?(<!-- end of {section} -->)"
        page, count = re.subn(pattern, lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page, flags=re.S)
        assert count == 1, f"the page has lost its markers of {section}"
    return page


def pages() -> dict[Path, str]:
    """Return every page with figures in it, written anew."""
    return {
        README: render(README.read_text(), results=results(), dag=dag()),
        PAPER: render(PAPER.read_text(), claims=claims()),
        TRAINING: render(TRAINING.read_text(), waiting=waiting()),
        SEARCH: render(
            SEARCH.read_text(), workers=table("docs/search.csv", jobs="d", trials="d", seconds=".1f", ratio=".2f")
        ),
        PARALLEL: render(
            PARALLEL.read_text(),
            jobs=table("docs/jobs.csv", run="", cores="d", threads="d", jobs="d", seconds=".0f", ratio=".2f"),
        ),
        DATA: render(DATA.read_text(), near_duplicates=near_duplicates(), protocols=protocols()),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
