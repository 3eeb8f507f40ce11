"""Write README's results and its drawing of the DAG from what git keeps: metrics/, plots/, dvc.yaml.

python docs/results.py
"""

import json
import re
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

README = Path("README.md")


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


def render(readme: str) -> str:
    """Return README with both sections written anew."""
    for section, text in {"results": results(), "dag": dag()}.items():
        pattern = rf"(<!-- {section}: [^>]*-->\n).*?(<!-- end of {section} -->)"
        readme, count = re.subn(
            pattern, lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", readme, flags=re.S
        )
        assert count == 1, f"README has lost its markers of {section}"
    return readme


if __name__ == "__main__":
    README.write_text(render(README.read_text()))
