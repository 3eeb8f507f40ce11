"""Tables about the training, in Markdown, for docs/pages.py: from docs/*.csv and docs/studies/."""

from pathlib import Path

import pandas as pd

from dermoscopy.core.params import read_yaml


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


def studies(file: str) -> str:
    """Return a section for each study of a file: its question and its table, in Markdown.

    Args:
        file: Name of the file in benchmarks/, without .yaml; also that of the folder with its tables in docs/.
    """
    sections = []
    option = "" if file == "studies" else f" --file benchmarks/{file}.yaml"
    for name, study in read_yaml(Path(f"benchmarks/{file}.yaml").read_text())["studies"].items():
        path = Path("docs", file, f"{name}.csv")
        shown = study_table(pd.read_csv(path), study["reference"]) if path.is_file() else "Not measured yet."
        path = Path("docs", file, f"{name}_diagnoses.csv")
        if path.is_file():
            shown += f"\n\n{diagnoses(pd.read_csv(path))}"
        command = f"```sh\npython benchmarks/studies.py {name}{option} --data path/to/ham10000\n```"
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
