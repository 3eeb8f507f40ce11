"""Tables of the runs in docs/results/, in Markdown, for docs/pages.py."""

import json
from pathlib import Path

import pandas as pd

from dermoscopy.core.params import read_yaml
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.ensemble.params import METHODS
from dermoscopy.report import formatting
from dermoscopy.stats.metrics import METRICS

AT_POINTS = ("sensitivity", "specificity", "balanced_accuracy", "ppv", "npv")
CALIBRATION = {
    "oe_ratio": "observed to expected",
    "intercept": "calibration intercept",
    "slope": "calibration slope",
    "ici": "mean error of the probabilities (ICI)",
    "brier": "Brier score",
    "log_loss": "log loss",
}


def weights(folder: Path) -> str:
    """Return the starting weights of the members with their SHA-256, in Markdown."""
    source = json.loads((folder / "data/source.json").read_text())
    rows = ["| member | starting weights | SHA-256 |", "|---|---|---|"]
    for member, entry in source["weights"].items():
        published = "published by keras.applications" if "imagenet" in entry else "a file"
        rows.append(f"| {member} | {entry['name']}, {published} | `{entry.get('sha256') or entry.get('imagenet')}` |")
    return "\n".join(rows)


def points(folder: Path) -> str:
    """Return the ensemble's metrics at each operating point, by image and by lesion, in Markdown."""
    scores = pd.read_csv(folder / "data/evaluation/scores.csv", keep_default_na=False, na_values={"value": [""]})
    scores = scores[(scores["name"] == ENSEMBLE) & (scores["point"] != "")].set_index(["unit", "point", "metric"])
    rows = [f"| unit | operating point | {' | '.join(METRICS[name].title for name in AT_POINTS)} |"]
    rows.append("|---" * (len(AT_POINTS) + 2) + "|")
    for unit, point in dict.fromkeys((unit, point) for unit, point, _ in scores.index):
        cells = [_bounded(scores.loc[unit, point, name]) for name in AT_POINTS]
        rows.append(f"| {unit} | {point} | {' | '.join(cells)} |")
    return "\n".join(rows)


def comparisons(folder: Path) -> str:
    """Return the paired tests of the ensemble's ROC AUC on test, by image and by lesion, in Markdown."""
    tests = pd.read_csv(folder / "data/evaluation/comparisons.csv").query("metric == 'roc_auc'")
    rows = ["| unit | reference | its ROC AUC | ensemble minus reference | p |", "|---|---|---|---|---|"]
    for row in tests.sort_values(["unit", "reference_value"], ascending=False).itertuples():
        difference = f"{row.difference:+.3f} ({row.low:+.3f} – {row.high:+.3f})"
        reference = f"{row.reference} of all members" if row.reference in METHODS else row.reference
        rows.append(f"| {row.unit} | {reference} | {row.reference_value:.3f} | {difference} | {_p(row.p)} |")
    return "\n".join(rows)


def calibration(folder: Path) -> str:
    """Return the quality of the ensemble's probabilities before and after calibration, by lesion, in Markdown."""
    table = pd.read_csv(folder / "data/evaluation/calibration.csv").set_index(["metric", "name"])
    rows = ["| by lesion | before calibration | after calibration |", "|---|---|---|"]
    for metric, title in CALIBRATION.items():
        rows.append(f"| {title} | {' | '.join(_bounded(table.loc[metric, name]) for name in ('before', 'after'))} |")
    return "\n".join(rows)


def external(folder: Path) -> str:
    """Return the metrics of a run on each external set, by lesion, beside those on its test split, in Markdown."""
    tables = {"test": folder / "data/evaluation/scores.csv"}
    tables |= {path.parent.name: path for path in sorted(folder.glob("external/*/scores.csv"))}
    point = read_yaml((folder / "params.yaml").read_text())["evaluate"]["point"]
    names = ("roc_auc", *AT_POINTS[:3])
    rows = [f"| images | classifier | {' | '.join(METRICS[name].title for name in names)} |"]
    rows.append("|---" * (len(names) + 2) + "|")
    for title, path in tables.items():
        scores = pd.read_csv(path, keep_default_na=False, na_values={"value": [""]})
        own = scores[(scores["unit"] == "lesion") & ((scores["kind"] == "member") | (scores["name"] == ENSEMBLE))]
        for name, of_name in own.groupby("name", sort=False):
            values = of_name[of_name["point"].isin(["", point])].set_index("metric")
            rows.append(f"| {title} | {name} | {' | '.join(_bounded(values.loc[metric]) for metric in names)} |")
    return "\n".join(rows)


def seeds(folder: Path) -> str:
    """Return the ROC AUC of each classifier with each seed, on val and on test, by image, in Markdown."""
    table = pd.read_csv(folder / "seeds.csv")
    order = list(dict.fromkeys(table["seed"]))
    rows = [f"| | split | {' | '.join(f'seed {seed}' for seed in order)} | spread | interval of seed {order[0]} |"]
    rows.append("|---" * (len(order) + 4) + "|")
    for name, of_name in table.groupby("name", sort=False):
        by_seed = of_name.set_index("seed").loc[order]
        first = by_seed.iloc[0]
        for title, column, low, high in (
            ("val", "val", None, None),
            ("test", "value", "low", "high"),
            ("test, within source", "within_source", "within_low", "within_high"),
        ):
            values = by_seed[column]
            spread = f"{values.max() - values.min():.3f}" if len(values) > 1 else ""
            interval = f"{first[low]:.3f} – {first[high]:.3f}" if low else ""
            cells = " | ".join(f"{value:.3f}" for value in values)
            rows.append(f"| {name} | {title} | {cells} | {spread} | {interval} |")
    return "\n".join(rows)


def costs(folder: Path) -> str:
    """Return time and memory of each stage with each seed, beside what the stage check expected, in Markdown."""
    table = pd.read_csv(folder / "costs.csv")
    stages, disk = table[table["stage"] != "disk"], table[table["stage"] == "disk"]
    seeds = list(dict.fromkeys(table["seed"]))
    head = [f"{title}, seed {seed}" for seed in seeds for title in ("minutes", "images per second")]
    rows = [f"| stage | expected minutes | {' | '.join(head)} | peak memory, GB |", "|---" * (len(head) + 3) + "|"]
    for name, of_stage in stages.groupby("stage", sort=False):
        expected = of_stage["expected_seconds"].iloc[0]
        by_seed = of_stage.set_index("seed").reindex(seeds)
        cells = [
            cell
            for row in by_seed.itertuples()
            for cell in (_number(row.seconds / 60, 1), _number(row.images_per_second, 0))
        ]
        peak = of_stage["peak_memory_mb"].max() / 1024
        rows.append(f"| {name} | {_number(expected / 60, 1)} | {' | '.join(cells)} | {peak:.1f} |")
    rows.append("")
    for seed in seeds:
        of_seed, of_disk = stages[stages["seed"] == seed], disk[disk["seed"] == seed].iloc[0]
        compared = of_seed.dropna(subset="expected_seconds")
        rows.append(
            f"- Seed {seed}: {of_seed['seconds'].sum() / 3600:.1f} hours in all. Training, prediction and search: "
            f"{compared['seconds'].sum() / 60:.0f} minutes, expected {compared['expected_seconds'].sum() / 60:.0f}. "
            f"Disk: {of_disk['megabytes'] / 1024:.1f} GB, expected {of_disk['expected_megabytes'] / 1024:.1f}."
        )
    return "\n".join(rows)


def _number(value: float, digits: int) -> str:
    return "" if pd.isna(value) else f"{value:.{digits}f}"


def summary(folder: Path) -> str:
    """Return what a run is: its profile, its dataset, its time and its starting weights, in Markdown."""
    source = json.loads((folder / "data/source.json").read_text())
    params = read_yaml((folder / "params.yaml").read_text())
    of_run = pd.read_csv(folder / "costs.csv").query("seed == @params['seed']")
    hours = of_run["seconds"].sum() / 3600
    files = " and ".join(f"`{member}` ({_hash(entry)})" for member, entry in source["weights"].items())
    malignant = ", ".join(formatting.diagnosis(dx) for dx in params["policy"]["malignant"].split("+"))
    return (
        f"This is a run of the profile `{params['report']['profile']}` on all {source['images']['count']:,} images of "
        f"HAM10000. Its stages took {hours:.1f} hours in all. Malignant are: {malignant}. Starting weights: {files}."
    )


def _hash(entry: dict[str, str | None]) -> str:
    checksum = entry.get("sha256") or entry.get("imagenet")
    kind = "published" if "imagenet" in entry else "local file"
    return f"{kind}, SHA-256 `{checksum[:12]}…`" if checksum else kind


def _bounded(row: pd.Series) -> str:
    if pd.isna(row["value"]):
        return ""
    bounds = pd.to_numeric(row[["low", "high"]], errors="coerce")
    return f"{row['value']:.3f}" + ("" if bounds.isna().any() else f" ({bounds['low']:.3f} – {bounds['high']:.3f})")


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
