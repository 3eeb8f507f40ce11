"""Hold out each source in turn, and pool the ROC AUCs of clinics that the networks have not seen."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from dermoscopy.check.head import refuse_killed_experiment
from dermoscopy.check.locks import refuse_while_at_work
from dermoscopy.cli.compare import plain_table
from dermoscopy.cli.dvc import environment, run_dvc
from dermoscopy.cli.repository import top_folder
from dermoscopy.cli.run import override
from dermoscopy.core.errors import UserError
from dermoscopy.core.files import atomic_write
from dermoscopy.core.params import PARAMS, read_yaml
from dermoscopy.core.splits import LABELS
from dermoscopy.core.tables import UNKNOWN
from dermoscopy.stats.pooling import pool

COUNTS = Path("metrics/data.json")
POOLED, NEW = "all sources, pooled", "a new source"
SHOWN = ("ensemble", "member")  # kinds of classifiers in the printed table
SET_HELP = "Value of a parameter, as in dvc exp run; repeat it for several."
OUTPUT_HELP = "CSV file for the table, with the baselines."


def held_out(
    set_param: Annotated[
        list[str] | None, typer.Option("--set-param", "-S", metavar="KEY=VALUE", help=SET_HELP)
    ] = None,
    output: Annotated[Path | None, typer.Option(help=OUTPUT_HELP)] = None,
) -> None:
    """Run the pipeline once for each source, with that source as test, and pool the ROC AUCs.

    Each run is an experiment held-out-<source>; it replaces the one that an earlier call made on the same commit.
    """
    output = output and output.absolute()
    if output:
        require_writable_file(output)
    os.chdir(top_folder())
    refuse_while_at_work()
    refuse_killed_experiment()
    tested, left_out = sources_to_test(COUNTS)
    names = experiment_names(tested)
    for source, reason in left_out.items():
        print(f"{source} cannot be held out: {reason}.")
    rows = []
    for source, name in zip(tested, names, strict=True):
        _remove_experiment(name)
        options = [*(set_param or []), override("split.held_out", source)]  # of two values, dvc takes the last
        print(f"\nHold out {source}: experiment {name}", flush=True)
        code = run_dvc("exp", "run", "--temp", "--name", name, *(word for item in options for word in ("-S", item)))
        if code:
            print("\nRun the same command again to continue: finished runs are taken from DVC's run cache.")
            raise typer.Exit(code)
        rows.append(read_run(source, name, [*tested, *left_out]))
    confidence = _confidence(names[0])
    table = pooled(pd.concat(rows, ignore_index=True), confidence)
    print(f"\n{render(table, confidence)}")
    if output:
        with atomic_write(output) as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n", float_format="%.4f")


def require_writable_file(path: Path) -> None:
    """Refuse a file that could not be written after hours of running.

    Args:
        path: Absolute path of the file.

    Raises:
        UserError: Its folder does not exist or cannot be written, or it is a folder.
    """
    reason = ""
    if not path.parent.is_dir():
        reason = f"there is no folder {path.parent}"
    elif not os.access(path.parent, os.W_OK):
        reason = f"the folder {path.parent} cannot be written"
    elif path.is_dir():
        reason = "it is a folder"
    if reason:
        raise UserError(f"--output {path}: {reason}. Choose another path.")


def sources_to_test(counts: Path) -> tuple[list[str], dict[str, str]]:
    """Return the sources that can be test, and why others cannot.

    Args:
        counts: metrics/data.json, which the stage audit wrote.

    Raises:
        UserError: The file is missing, or has fewer than two sources that can be test.
    """
    content: dict[str, Any] = json.loads(counts.read_text(encoding="utf-8")) if counts.is_file() else {}
    tested, left_out = [], {}
    for source, entry in content.get("sources", {}).items():
        missing = [label for label in LABELS if not entry["images"][label]]
        if source == UNKNOWN:
            left_out[source] = "the table does not name the source of these images"
        elif missing:
            left_out[source] = f"it has no {' and no '.join(missing)} image"
        else:
            tested.append(source)
    if len(tested) < 2:
        raise UserError(
            f"{counts} names {len(tested)} sources with images of both labels; at least 2 are needed.\n"
            "The stage audit writes this file. The dataset needs a column dataset, as the table of the Harvard "
            "Dataverse has it (that of Kaggle has not). With such a dataset, run first: dvc repro audit"
        )
    return tested, left_out


def experiment_names(sources: Sequence[str]) -> list[str]:
    """Return the name of the experiment that holds out each source.

    Args:
        sources: Names of the sources. Other characters than letters, digits, _ and - become -.

    Raises:
        UserError: Two sources would have the same name.
    """
    names = ["held-out-" + re.sub(r"[^\w-]+", "-", source) for source in sources]
    alike = [source for source, name in zip(sources, names, strict=True) if names.count(name) > 1]
    if alike:
        raise UserError(
            f"These sources would be experiments of the same name: {', '.join(alike)}.\n"
            "Give them names that differ in letters, digits, _ or - (column dataset of the table)."
        )
    return names


def _remove_experiment(name: str) -> None:
    """Remove an experiment of the current commit, since dvc refuses a name that exists."""
    dvc = [sys.executable, "-m", "dvc", "exp"]
    listed = subprocess.run([*dvc, "list", "--name-only"], capture_output=True, text=True, env=environment())
    if name in listed.stdout.split():
        subprocess.run([*dvc, "remove", name], capture_output=True, env=environment())


def _confidence(revision: str) -> float:
    """Return the confidence level of the intervals of an experiment."""
    import dvc.api

    return float(read_yaml(dvc.api.read(str(PARAMS), rev=revision))["evaluate"]["confidence"])


def read_run(source: str, revision: str, expected: Sequence[str]) -> pd.DataFrame:
    """Return the ROC AUCs of a run that held out a source, a row for each classifier.

    Args:
        source: The held-out source.
        revision: Name of the experiment.
        expected: The sources of the dataset in the working tree.

    Raises:
        UserError: The dataset of the experiment has other sources.
    """
    import dvc.api

    scores = pd.read_csv(io.StringIO(dvc.api.read("plots/roc_auc.csv", rev=revision)))
    counts = json.loads(dvc.api.read(str(COUNTS), rev=revision))
    # The experiment leaves out images of other sources whose lesion has one of this source, never a whole source.
    if set(counts.get("sources", {})) != set(expected):
        raise UserError(
            f"{COUNTS} is of another dataset: it has the sources {', '.join(expected)}, that of {revision} has "
            f"{', '.join(counts.get('sources', {})) or 'none'}.\n"
            "Set the dataset in params.yaml instead of with -S, run dvc repro audit, and then this command again."
        )
    lesions = counts["lesions"]["test"]
    return pd.DataFrame(
        {
            "held_out": source,
            "name": scores["name"],
            "kind": scores["kind"],
            "lesions": sum(lesions.values()),
            "malignant": lesions["malignant"],
            "roc_auc": scores["value"],
            "low": scores["low"],
            "high": scores["high"],
        }
    )


def pooled(runs: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Return the rows of the runs, and for each classifier the pooled ROC AUC and that of a new source.

    ROC AUCs are pooled on the logit scale, with the variance from which `stats.roc.roc_auc_interval` computed the
    interval. A classifier with a ROC AUC of 0 or 1, or without an interval, is not pooled.

    Args:
        runs: ROC AUC of each classifier on each held-out source, with its interval, as `read_run` returns it.
        confidence: Confidence level of the intervals, 0 to 1.
    """
    from scipy.special import expit, logit, stdtrit

    rows = []
    for name, of_name in runs.groupby("name", sort=False):
        values, low, high = (logit(of_name[column].to_numpy()) for column in ("roc_auc", "low", "high"))
        malignant = of_name["malignant"].to_numpy()
        rarer = np.minimum(malignant, of_name["lesions"].to_numpy() - malignant)
        deviations = (high - low) / (2 * stdtrit(rarer - 1, (1 + confidence) / 2))
        if len(of_name) < 2 or not (np.isfinite(values) & np.isfinite(deviations) & (deviations > 0)).all():
            continue
        found = pool(values, deviations**2, confidence)
        common = {"name": name, "kind": of_name["kind"].iloc[0], "roc_auc": float(expit(found.value))}
        intervals = {POOLED: (found.low, found.high), NEW: (found.new_low, found.new_high)}
        for title, ends in intervals.items():
            low_end, high_end = (float(expit(end)) for end in ends)
            rows.append({"held_out": title, **common, "low": low_end, "high": high_end})
    table = pd.concat([runs, pd.DataFrame(rows)], ignore_index=True)
    table[["lesions", "malignant"]] = table[["lesions", "malignant"]].astype("Int64")
    order = [*dict.fromkeys(runs["held_out"]), POOLED, NEW]
    return table.sort_values("held_out", key=lambda column: column.map(order.index), kind="stable", ignore_index=True)


def render(table: pd.DataFrame, confidence: float) -> str:
    """Return ensemble and members as a table of plain text, a line for each held-out source.

    Args:
        table: Table that `pooled` returned.
        confidence: Confidence level of the intervals, 0 to 1.
    """
    shown = table[table["kind"].isin(SHOWN)]
    names = list(dict.fromkeys(shown.sort_values("kind", kind="stable")["name"]))
    lines = [("held-out source", "lesions", "malignant", *names)]
    for source, of_source in shown.groupby("held_out", sort=False):
        of_name = {row.name: row for row in of_source.itertuples(index=False)}
        counts = ["" if pd.isna(count) else f"{count:,}" for count in of_source[["lesions", "malignant"]].iloc[0]]
        cells = [
            f"{of_name[name].roc_auc:.3f} ({of_name[name].low:.3f}-{of_name[name].high:.3f})" if name in of_name else ""
            for name in names
        ]
        lines.append((str(source), *counts, *cells))
    note = (
        f"ROC AUC on the held-out source, by image, with {100 * confidence:g} % intervals. {NEW}: prediction interval "
        "for the ROC AUC in a clinic that is as different as these are from each other."
    )
    return f"{plain_table(lines)}\n\n{note}"
