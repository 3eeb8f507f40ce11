"""Tables about suitable images, in Markdown, for docs/pages.py: from docs/suitability.csv."""

import pandas as pd

REASONS = ("too small", "too dark", "too blurred", "too noisy", "blank", "unlike the training images")
WORDS = ("small", "dark", "blurred", "noisy", "blank", "unlike")  # the reasons in short
SPLITS = {"train": "train (fitted)", "val": "val (fitted)", "test": "test"}


def measured(*kinds: str) -> pd.DataFrame:
    """Return the rows of these kinds, in the order of the file."""
    table = pd.read_csv("docs/suitability.csv", dtype={"strength": str}, keep_default_na=False)
    return table[table["kind"].isin(kinds)]


def percentage(row: "pd.Series") -> str:
    """Return the percentage of flagged images."""
    return f"{100 * row['flagged'] / row['images']:.1f} %"


def by_reason(row: "pd.Series") -> str:
    """Return the numbers of images with each reason, the most frequent first."""
    counts = sorted(zip((row[reason] for reason in REASONS), WORDS, strict=True), key=lambda pair: -pair[0])
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def datasets() -> str:
    """Return the proportion of flagged images of datasets of lesions, in Markdown."""
    lines = ["| reference | images | number | flagged | by reason |", "|---|---|---|---|---|"]
    for _, row in measured("split", "source of test", "other dataset").iterrows():
        group = {"split": SPLITS.get(row["group"]), "source of test": f"test, source {row['group']}"}
        name = group.get(row["kind"], row["group"])
        lines.append(f"| {row['reference']} | {name} | {row['images']:,} | {percentage(row)} | {by_reason(row)} |")
    return "\n".join(lines)


def foreign() -> str:
    """Return the proportion of flagged images that are not dermatoscopic, with each reference, in Markdown."""
    table = measured("foreign")
    names = list(dict.fromkeys(table["reference"]))
    lines = [f"| images | number | {' | '.join(names)} | reasons ({names[0]}) |", "|---" * (len(names) + 3) + "|"]
    for group, rows in table.groupby("group", sort=False):
        of_reference = rows.set_index("reference")
        cells = [percentage(of_reference.loc[name]) for name in names]
        first = of_reference.loc[names[0]]
        lines.append(f"| {group} | {first['images']} | {' | '.join(cells)} | {by_reason(first)} |")
    total = table.groupby("reference")[["images", "flagged"]].sum().loc[names]
    cells = [f"**{percentage(row)}**" for _, row in total.iterrows()]
    return "\n".join([*lines, f"| all | {total['images'].iloc[0]} | {' | '.join(cells)} | |"])


def changed() -> str:
    """Return the proportion of flagged images of test after known changes, with each reference, in Markdown."""
    table = measured("changed")
    names = list(dict.fromkeys(table["reference"]))
    lines = [f"| change | strength | {' | '.join(names)} | reasons ({names[0]}) |", "|---" * (len(names) + 3) + "|"]
    for (group, strength), rows in table.groupby(["group", "strength"], sort=False):
        of_reference = rows.set_index("reference")
        cells = [percentage(of_reference.loc[name]) for name in names]
        lines.append(f"| {group} | {strength} | {' | '.join(cells)} | {by_reason(of_reference.loc[names[0]])} |")
    return "\n".join(lines)
