"""Tables about the prediction by several runtimes, in Markdown, for docs/pages.py: from docs/*.csv."""

import pandas as pd

REFERENCE = ("Keras", "float32")


def speed() -> str:
    """Return milliseconds per image, and how many times as fast as Keras in float32, in Markdown."""
    measured = pd.read_csv("docs/runtimes.csv")
    kinds = list(measured.groupby(["runtime", "precision"], sort=False).groups)
    head = ["member", "image size", *(f"{runtime}, {precision}" for runtime, precision in kinds)]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for (member, size), rows in measured.groupby(["member", "image_size"], sort=False):
        cells = rows.set_index(["runtime", "precision"])
        texts = [f"{cells.loc[kind, 'milliseconds']:.2f} ({cells.loc[kind, 'speed']:.1f})" for kind in kinds]
        lines.append(f"| {member} | {size} | {' | '.join(texts)} |")
    (threads,) = measured["threads"].unique()
    return "\n".join([*lines, "", f"Threads: {threads}."])


def accuracy() -> str:
    """Return the largest differences of probabilities and the losses of ROC AUC, in Markdown."""
    measured = pd.read_csv("docs/runtimes.csv").dropna(subset=["loss"])
    head = ["member", "runtime", "file", "largest difference of a probability", "ROC AUC", "loss of ROC AUC"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in measured.itertuples():
        if (row.runtime, row.precision) == REFERENCE:
            continue
        loss = f"{row.loss:+.4f} ({row.low:+.4f} – {row.high:+.4f})"
        cells = [
            row.member,
            f"{row.runtime}, {row.precision}",
            f"{row.megabytes:.1f} MB",
            f"{row.difference:.1e}" if row.difference < 0.001 else f"{row.difference:.3f}",
            f"{row.roc_auc:.4f}",
            loss,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    (images,) = measured["images"].astype(int).unique()
    caption = f"On the {images:,} images of val. Loss: that of Keras in float32 minus this one, with 95 % intervals."
    return "\n".join([*lines, "", caption])


def throughput() -> str:
    """Return the time of dermoscopy predict against the members' forward passes, and its memory, in Markdown."""
    measured = pd.read_csv("docs/throughput.csv")
    times, memory = (measured[measured["task"].eq("memory") == is_memory] for is_memory in (False, True))
    lines = ["| | milliseconds per image | ratio |", "|---|---|---|"]
    lines += [f"| {row.task} | {row.milliseconds:.1f} | {row.ratio:.2f} |" for row in times.itertuples()]
    first = times.iloc[0]
    head = " | ".join(f"{count:,}" for count in memory["images"])
    return "\n".join(
        [
            *lines,
            "",
            f"{first['images']:,} images, members {', '.join(first['members'].split())}, {first['threads']} threads.",
            "",
            f"| images predicted | {head} |",
            "|---" * (len(memory) + 1) + "|",
            f"| largest memory in MB | {' | '.join(f'{value:,.0f}' for value in memory['memory'])} |",
        ]
    )
