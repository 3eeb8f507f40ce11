"""Tables of the benchmarks, in Markdown, for docs/results.py: from docs/*.csv and docs/studies/."""

from pathlib import Path

import pandas as pd

from dermoscopy.core.params import read_yaml


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
