"""Write the figures in README and docs/data.md from what git keeps: metrics/, plots/, dvc.yaml, docs/protocols.csv.

python docs/results.py
"""

import json
import re
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

README, DATA = Path("README.md"), Path("docs/data.md")


def results() -> str:
    """Return the headline and the table of ROC AUCs, in Markdown."""
    test = json.loads(Path("metrics/test.json").read_text())
    malignant, benign = test["tp"] + test["fn"], test["tn"] + test["fp"]
    headline = (
        f"On the test part ({test['images']} photographs of {test['lesions']} lesions), "
        f"at the threshold fixed before, the ensemble finds {test['tp']} of {malignant} malignant photographs "
        f"and calls {test['fp']} of {benign} benign ones malignant: "
        f"accuracy {test['accuracy']:.3f}, recall {test['recall']:.3f}, "
        f"precision {test['precision']:.3f}, specificity {test['specificity']:.3f}."
    )
    confidence = YAML(typ="safe", pure=True).load(Path("params.yaml"))["evaluate"]["confidence"]
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
    behind = scores[(scores["kind"] == "member") & (scores["value"] <= best["value"])]["name"].tolist()
    verdict = f"Of the baselines without the leak, {best['name']} comes first; " + (
        f"{', '.join(behind)} did not beat it." if behind else "every member beats it."
    )
    return "\n\n".join([headline, "\n".join(rows), verdict])


def dag() -> str:
    """Return the stages and the shortest set of edges between them, as a Mermaid drawing."""
    stages = YAML(typ="safe", pure=True).load(Path("dvc.yaml"))["stages"]
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
        DATA: render(DATA.read_text(), near_duplicates=near_duplicates(), protocols=protocols()),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
