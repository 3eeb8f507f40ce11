"""Tables about the data, in Markdown, for docs/pages.py: from docs/*.csv and docs/results/."""

from pathlib import Path

import pandas as pd


def protocols() -> str:
    """Return ROC AUC and accuracy on test under each protocol, means over the seeds of the split, in Markdown."""
    table = pd.read_csv("docs/protocols.csv")
    names = list(dict.fromkeys(table["protocol"]))
    leaky = names[1:]
    head = ["", "", *names, *(f"{name} minus {names[0]}" for name in leaky)]
    rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for dataset, of_dataset in table.groupby("dataset", sort=False):
        means = of_dataset.groupby("protocol")[["test_images", "known"]].mean().reindex(names)
        empty = " |" * len(leaky)
        images = " | ".join(_shown(count, ",.0f") for count in means["test_images"])
        known = " | ".join(_shown(100 * proportion, ".0f", " %") for proportion in means["known"])
        rows.append(f"| {dataset} | test images | {images} |{empty}")
        rows.append(f"| | of these, images of a lesion in train | {known} |{empty}")
        for metric, title in (("roc_auc", "ROC AUC"), ("accuracy", "accuracy at 0.5")):
            for name, of_name in of_dataset.groupby("name", sort=False):
                by_seed = of_name.pivot_table(index="split_seed", columns="protocol", values=metric)
                values = by_seed.reindex(columns=names)
                cells = [_range(values[protocol], ".3f") for protocol in names]
                cells += [_range(values[protocol] - values[names[0]], "+.3f") for protocol in leaky]
                rows.append(f"| | {name}, {title} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _range(values: pd.Series, form: str) -> str:
    """Return mean, smallest and largest value; a single value alone; nothing if there is none."""
    mean = _shown(values.mean(), form)
    return f"{mean} ({values.min():{form}} – {values.max():{form}})" if values.notna().sum() > 1 else mean


def _shown(value: float, form: str, unit: str = "") -> str:
    return "" if pd.isna(value) else f"{value:{form}}{unit}"


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


def within_source(run: Path) -> str:
    """Return the ROC AUCs of a run on all of HAM10000, of all pairs and within source, in Markdown.

    Args:
        run: Folder of the run in docs/results/.
    """
    scores = pd.read_csv(run / "plots/roc_auc.csv", keep_default_na=False, na_values={"low": [""], "high": [""]})
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


def simulated_runs() -> str:
    """Return the ROC AUC of each classifier in the runs with several seeds of the simulation, in Markdown."""
    table = pd.read_csv("docs/simulated.csv")
    seeds = sorted(table["seed"].unique())
    lines = [f"| | seed | {' | '.join(map(str, seeds))} | mean |", "|---" * (len(seeds) + 3) + "|"]
    for (kind, name), rows in table.groupby(["kind", "name"], sort=False):
        values = rows.set_index("seed").loc[seeds, "value"]
        lines.append(f"| {kind} | {name} | {' | '.join(f'{value:.3f}' for value in values)} | {values.mean():.3f} |")
    ensemble = table[table["kind"] == "ensemble"].set_index("seed").loc[seeds]
    widths = ensemble["high"] - ensemble["low"]
    lines.append(
        f"| | width of the ensemble's interval | {' | '.join(f'{w:.3f}' for w in widths)} | {widths.mean():.3f} |"
    )
    lines.append(f"| | test lesions | {' | '.join(map(str, ensemble['lesions']))} | |")
    minutes = ensemble["seconds"].div(60).map("{:.1f}".format, na_action="ignore").fillna("")
    lines.append(f"| | minutes | {' | '.join(minutes)} | |")
    return "\n".join(lines)


def simulated_fresh() -> str:
    """Return the ROC AUC of each classifier of the committed run on fresh simulated lesions, in Markdown."""
    table = pd.read_csv("docs/simulated_fresh.csv")
    run = pd.read_csv("plots/roc_auc.csv").set_index("name")
    lines = ["| | | fresh lesions | test of the committed run |", "|---|---|---|---|"]
    for row in table.itertuples():
        of_run = run.loc[row.name]
        on_test = f"{of_run['value']:.3f} ({of_run['low']:.3f} – {of_run['high']:.3f})"
        lines.append(f"| {row.kind} | {row.name} | {row.value:.3f} ({row.low:.3f} – {row.high:.3f}) | {on_test} |")
    first = table.iloc[0]
    caption = f"ROC AUC by image with 95 % intervals: {first['images']} images of {first['lesions']} fresh lesions."
    return "\n".join([*lines, "", caption])


def localization() -> str:
    """Return how much of Grad-CAM is inside the lesion, by dataset, member and weights, in Markdown."""
    lines = [
        "| dataset | member | weights | inside | area | difference | rank correlation with trained | empty |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in pd.read_csv("docs/localization.csv").to_dict("records"):
        difference = f"{row['difference']:+.3f} ({row['low']:+.3f} – {row['high']:+.3f})"
        correlation = "" if pd.isna(row["correlation"]) else f"{row['correlation']:+.2f}"
        lines.append(
            f"| {row['dataset']} | {row['name']} | {row['weights']} | {row['inside']:.3f} | {row['area']:.3f} | "
            f"{difference} | {correlation} | {100 * row['empty']:.0f} % |"
        )
    return "\n".join(lines)


def every_write() -> str:
    """Return what was found after kills and on a full disk, over all stages, in Markdown."""
    columns = [
        "writes",
        "disturbed",
        "next_runs",
        "half_written",
        "not_repeated",
        "not_one_message",
        "tracebacks",
        "hangs",
    ]
    stages = pd.read_csv("docs/every_write.csv").query("stage != 'dvc repro'")
    lines = [f"| all {stages['stage'].nunique()} stages | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for fault, counts in stages.groupby("fault", sort=False)[columns].sum().iterrows():
        lines.append(f"| {fault} | {' | '.join(f'{count:,}' for count in counts)} |")
    return "\n".join(lines)
