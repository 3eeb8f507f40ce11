"""Write the numbers in README and docs/ from files in git: metrics/, plots/, dvc.yaml and docs/*.csv.

python docs/results.py
"""

import json
import re
from pathlib import Path

import pandas as pd

from dermoscopy.core.params import read_yaml
from dermoscopy.report import paper
from dermoscopy.stats.headline import read_headline
from dermoscopy.stats.intervals import wilson_interval

METRICS = Path("metrics")
README = Path("README.md")
DATA, TRAINING, PAPER, STATISTICS, STUDIES = (
    Path("docs/explanation", f"{name}.md") for name in ("data", "training", "paper", "statistics", "studies")
)
CHECKS = Path("docs/reference/dataset-checks.md")
SEARCH, PARALLEL = (Path("docs/how-to", f"{name}.md") for name in ("search", "parallel"))

HEADLINE = {
    "roc_auc": "ROC AUC",
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "ppv": "precision",
    "specificity": "specificity",
}


def results() -> str:
    """Return the main metrics and the table of ROC AUCs, in Markdown."""
    test = read_headline(METRICS)
    members = json.loads((METRICS / "val.json").read_text())["members"]
    counts = json.loads((METRICS / "audit.json").read_text())["splits"]["test"]
    params = read_yaml(Path("params.yaml").read_text())
    confusion = pd.read_csv("plots/confusion.csv")
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
    scores = pd.read_csv("plots/roc_auc.csv", keep_default_na=False, na_values={"low": [""], "high": [""]})
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


def protocols() -> str:
    """Return the test ROC AUC on each dataset under each protocol, in Markdown."""
    table = pd.read_csv("docs/protocols.csv")
    names = list(dict.fromkeys(table["protocol"]))
    rows = ["| | | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for dataset, of_dataset in table.groupby("dataset", sort=False):
        runs = of_dataset.drop_duplicates("protocol").set_index("protocol").loc[names]
        rows.append(f"| {dataset} | test images | " + " | ".join(map(str, runs["test_images"])) + " |")
        shared = " | ".join(f"{100 * proportion:.0f} %" for proportion in runs["known"])
        rows.append(f"| | of these, images of a lesion in train | {shared} |")
        for name, of_name in of_dataset.groupby("name", sort=False):
            cells = [
                f"{row.roc_auc:.3f} ({row.low:.3f} – {row.high:.3f})"
                for row in of_name.set_index("protocol").loc[names].itertuples()
            ]
            rows.append(f"| | {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def near_duplicates() -> str:
    """Return the number of pairs of HAM10000 within each distance of perceptual hashes, in Markdown."""
    rows = [
        "| largest distance (bits) | pairs of two lesions | of 18 confirmed pairs | of 3,207 pairs of one lesion |",
        "|---|---|---|---|",
    ]
    for row in pd.read_csv("docs/near_duplicates.csv").itertuples(index=False):
        rows.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(rows)


def balance() -> str:
    """Return what balancing by source brings on val, in Markdown."""
    rows = ["| dataset | member | `training.balance` | ROC AUC | within source |", "|---|---|---|---|---|"]
    for row in pd.read_csv("docs/balance.csv").itertuples():
        overall = f"{row.roc_auc:.3f} ({row.roc_auc_low:.3f} – {row.roc_auc_high:.3f})"
        within = f"{row.within:.3f} ({row.within_low:.3f} – {row.within_high:.3f})"
        rows.append(f"| {row.dataset} | {row.member} | {row.balance} | {overall} | {within} |")
    return "\n".join(rows)


def held_out() -> str:
    """Return the ROC AUC on each source of HAM10000 when it is held out, in Markdown."""
    measured = pd.read_csv("docs/held_out.csv").sort_values("kind", key=_order, kind="stable")
    names = list(dict.fromkeys(measured["name"]))
    sources = list(dict.fromkeys(measured["held_out"]))
    cells = {
        (row.held_out, row.name): f"{row.roc_auc:.3f} ({row.low:.3f} – {row.high:.3f})" for row in measured.itertuples()
    }
    rows = [f"| | {' | '.join(sources)} |", "|---" * (len(sources) + 1) + "|"]
    for column, title in (("lesions", "test lesions"), ("malignant", "of these malignant")):
        counts = measured.drop_duplicates("held_out")[column]
        rows.append(f"| {title} | {' | '.join('' if pd.isna(count) else f'{count:,.0f}' for count in counts)} |")
    rows += [f"| {name} | {' | '.join(cells.get((source, name), '') for source in sources)} |" for name in names]
    return "\n".join(rows)


def pooling() -> str:
    """Return how often the intervals of pooled values contain the truth, in Markdown."""
    rows = [
        "| standard deviation between sources (logit) | method | mean of all sources | new source |",
        "|---|---|---|---|",
    ]
    for row in pd.read_csv("docs/pooling.csv").itertuples():
        rows.append(f"| {row.between} | {row.method} | {100 * row.mean:.1f} % | {100 * row.new:.1f} % |")
    return "\n".join(rows)


def within_source() -> str:
    """Return the ROC AUCs of a run on all of HAM10000, of all pairs and within source, in Markdown."""
    scores = pd.read_csv("docs/within_source.csv", keep_default_na=False, na_values={"low": [""], "high": [""]})
    rows = ["| | ROC AUC (test, by image) | within source |", "|---|---|---|"]
    for row in scores.sort_values(["kind", "value"], key=_order, kind="stable").itertuples():
        within = f"{row.within_source:.3f} ({row.within_low:.3f} – {row.within_high:.3f})"
        rows.append(f"| {row.name} | {row.value:.3f} ({row.low:.3f} – {row.high:.3f}) | {within} |")
    return "\n".join(rows)


def _order(column: pd.Series) -> pd.Series:
    """Return the ranks of kinds, or falling values."""
    return -column if column.name == "value" else column.map(["ensemble", "member", "baseline"].index)


def sources() -> str:
    """Return the images and the proportion of malignant ones of each source of HAM10000, in Markdown."""
    measured = pd.read_csv("docs/sources.csv")
    rows = ["| source | images | lesions | malignant images |", "|---|---|---|---|"]
    for row in measured.itertuples():
        percentage = f"{100 * row.malignant_images / row.images:.1f} %"
        rows.append(f"| {row.source} | {row.images:,} | {row.lesions:,} | {percentage} |")
    total = measured.iloc[-1]
    alone = (
        f"The source alone, without any image, has a ROC AUC of {total['roc_auc']:.3f} ({total['low']:.3f} – "
        f"{total['high']:.3f}), by image, on all of HAM10000. {total['lesions_of_several_sources']:.0f} lesions have "
        "images of two sources."
    )
    return "\n".join([*rows, "", alone])


def table(path: str, **formats: str) -> str:
    """Return a table that a script of benchmarks/ wrote, in Markdown.

    Args:
        path: Path of the CSV file.
        formats: Format of the values of each column, by its name; other columns are left out.
    """
    rows = [
        [format(getattr(row, name), form) for name, form in formats.items()] for row in pd.read_csv(path).itertuples()
    ]
    head = [f"| {' | '.join(formats)} |", "|---" * len(formats) + "|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def studies() -> str:
    """Return a section for each study of benchmarks/studies.yaml: its question and its table, in Markdown."""
    sections = []
    for name, study in read_yaml(Path("benchmarks/studies.yaml").read_text())["studies"].items():
        path = Path("docs/studies", f"{name}.csv")
        shown = study_table(pd.read_csv(path), study["reference"]) if path.is_file() else "Not measured yet."
        path = Path("docs/studies", f"{name}_diagnoses.csv")
        if path.is_file():
            shown += f"\n\n{diagnoses(pd.read_csv(path))}"
        command = f"```sh\npython benchmarks/studies.py {name} --data path/to/ham10000\n```"
        sections.append(f"### {study['title']}\n\n{study['question']}\n\n{shown}\n\n{command}")
    return "\n\n".join(sections)


def study_table(measured: pd.DataFrame, reference: str) -> str:
    """Return the table of a study, and what it was measured on, in Markdown.

    Args:
        measured: Table that benchmarks/studies.py wrote.
        reference: Name of the reference row.
    """
    head = [
        "row",
        "member",
        "ROC AUC",
        f"difference from {reference}",
        "p",
        "within source",
        "class distances",
        "epochs",
        "seconds",
    ]
    rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]

    def number(value: float, low: float, high: float, sign: str = "") -> str:
        return "" if pd.isna(value) else f"{value:{sign}.3f} ({low:{sign}.3f} – {high:{sign}.3f})"

    for row in measured.itertuples():
        cells = [
            f"{row.row}, tuned" if row.tuned else row.row,
            row.member,
            number(row.roc_auc, row.low, row.high) or row.outcome,
            number(row.difference, row.difference_low, row.difference_high, "+"),
            "" if pd.isna(row.p) else f"{row.p:.3f}" if row.p >= 0.001 else "< 0.001",
            number(row.within, row.within_low, row.within_high),
            "" if pd.isna(row.class_distances) else f"{row.class_distances:.2f}",
            "" if pd.isna(row.epochs) else f"{row.epochs:.0f}, best {row.chosen_epoch:.0f}",
            "" if pd.isna(row.seconds) else f"{row.seconds:.0f}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    first = measured.iloc[0]
    caption = (
        f"ROC AUC on val, by image: {first['images']} images of {first['lesions']} lesions, "
        f"{first['malignant_lesions']} of them malignant. No threshold. 95 % intervals. "
        f"Time of all trainings: {measured['seconds'].sum() / 60:.0f} min."
    )
    return "\n".join([*rows, "", caption])


def diagnoses(measured: pd.DataFrame) -> str:
    """Return the table of the diagnoses of a study, in Markdown.

    Args:
        measured: Second table that benchmarks/studies.py wrote.
    """
    lines = ["| row | member | diagnosis | images | recall | ROC AUC against all others |", "|---" * 6 + "|"]
    named = measured.assign(dx=measured["dx"].fillna("mean"))
    for (row, member, dx), rows in named.groupby(["row", "member", "dx"], sort=False):
        cells = {r.metric: f"{r.value:.3f} ({r.low:.3f} – {r.high:.3f})" for r in rows.itertuples()}
        recall = cells.get("recall", cells.get("recall_dx", ""))
        images = "" if dx == "mean" else rows["images"].iloc[0]
        lines.append(f"| {row} | {member} | {dx} | {images} | {recall} | {cells.get('roc_auc', '')} |")
    caption = "Diagnoses on val, by image. The predicted diagnosis is the most probable one. 95 % intervals."
    return "\n".join([*lines, "", caption])


def waiting() -> str:
    """Return the time spent on input and in the frozen phase, in Markdown."""
    measured = pd.read_csv("docs/training.csv")
    settings = [("memory", False), ("memory", True), ("disk", False), ("disk", True)]
    titles = [f"{kept}{', augmented' if augment else ''}" for kept, augment in settings]
    lines = [f"| | {' | '.join(titles)} |", "|---" * (len(settings) + 1) + "|"]
    frozen = measured[measured["measure"] == "frozen phase"].set_index("member")["value"]
    cells = measured.set_index(["member", "measure", "kept", "augment"])["value"].sort_index()
    for member in measured["member"].unique():
        percentages = [
            " / ".join(
                f"{100 * cells[member, measure, *setting]:.1f} %" for measure in ("waiting for input", "input only")
            )
            for setting in settings
        ]
        lines.append(f"| {member} | {' | '.join(percentages)} |")
    passes = " and ".join(f"{value:.2f} with {member}" for member, value in frozen.items())
    cost = f"Ten frozen epochs with cached features take as long as this many forward passes of the backbone: {passes}."
    return "\n".join([*lines, "", cost])


def peers() -> str:
    """Return the milliseconds per image beside Keras and PyTorch, in Markdown."""
    measured = pd.read_csv("docs/peers.csv")
    kinds = list(measured.groupby(["contender", "precision"], sort=False).groups)
    titles = [f"{contender}, {precision}" for contender, precision in kinds]
    rows = [f"| task | network | {' | '.join(titles)} |", "|---" * (len(titles) + 2) + "|"]
    for task, of_task in measured.groupby("task", sort=False):
        for member, group in of_task.groupby("member", sort=False):
            cells = group.set_index(["contender", "precision"])
            texts = [f"{cells.loc[kind, 'milliseconds']:.2f} ({cells.loc[kind, 'ratio']:.2f})" for kind in kinds]
            rows.append(f"| {task} | {member} | {' | '.join(texts)} |")
    (threads,) = measured["threads"].unique()
    return "\n".join([*rows, "", f"Threads: {threads}."])


def claims() -> str:
    """Return the claims of the paper, what its own numbers give and the metrics of this run, in Markdown."""
    test = read_headline(METRICS)
    point = read_yaml(Path("params.yaml").read_text())["evaluate"]["point"]
    prevalence = (pd.read_csv("plots/confusion.csv")["actual"] == "malignant").mean()
    accuracies = pd.read_csv("plots/best_epoch.csv").set_index(["name", "split"])["accuracy"]
    roc_aucs = pd.read_csv("plots/roc_auc.csv").set_index("kind")["value"]
    ensemble_sizes = pd.read_csv("plots/ensemble_sizes.csv")
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


def render(page: str, **sections: str) -> str:
    """Return a page with new text in its sections.

    Args:
        page: Text of the page, with two markers around each section.
        sections: New text of each section, by its name.
    """
    for section, text in sections.items():
        pattern = rf"(<!-- {section}: [^>]*-->\n).*?(<!-- end of {section} -->)"
        page, count = re.subn(pattern, lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page, flags=re.S)
        assert count == 1, f"the page has no markers for {section}"
    return page


def pages() -> dict[Path, str]:
    """Return every page that contains numbers, with the current ones."""
    return {
        README: render(README.read_text(), results=results(), dag=dag()),
        PAPER: render(PAPER.read_text(), claims=claims()),
        STUDIES: render(STUDIES.read_text(), studies=studies()),
        STATISTICS: render(STATISTICS.read_text(), pooling=pooling()),
        TRAINING: render(
            TRAINING.read_text(),
            waiting=waiting(),
            peers=peers(),
            augmentation=table(
                "docs/augmentation.csv",
                dataset="",
                method="",
                image_size="d",
                logistic_regression=".3f",
                boosted_trees=".3f",
            ),
        ),
        SEARCH: render(
            SEARCH.read_text(), workers=table("docs/search.csv", jobs="d", trials="d", seconds=".1f", ratio=".2f")
        ),
        PARALLEL: render(
            PARALLEL.read_text(),
            jobs=table("docs/jobs.csv", run="", cores="d", threads="d", jobs="d", seconds=".0f", ratio=".2f"),
        ),
        CHECKS: render(
            CHECKS.read_text(), damage=table("docs/damage.csv", damage="", saved="", images=",d", found="d")
        ),
        DATA: render(
            DATA.read_text(),
            near_duplicates=near_duplicates(),
            protocols=protocols(),
            sources=sources(),
            balance=balance(),
            within_source=within_source(),
            held_out=held_out(),
        ),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
