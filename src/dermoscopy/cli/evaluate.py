"""Evaluate the ensemble of the finished run on a labelled folder of other images."""

import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from dermoscopy.cli.compare import plain_table
from dermoscopy.cli.predict import NOTICE
from dermoscopy.cli.repository import top_folder
from dermoscopy.core.errors import UserError
from dermoscopy.core.tables import ENSEMBLE
from dermoscopy.external.external import OnOverlap, Results, evaluate_folder
from dermoscopy.external.output import require_output, write_results
from dermoscopy.external.page import referral, verdict
from dermoscopy.ham10000.problems import summarize
from dermoscopy.report.formatting import DASH, classifier, count, interval, is_finite, plural, rate
from dermoscopy.stats.metrics import METRICS

LEFT_OUT = 1  # exit code
FOLDER_HELP = "Folder with images and a table of their labels."
TABLE_HELP = "Table of the labels, if it is not in the folder or there are several."
OUTPUT_HELP = "Folder for the results. Without it: evaluation-NAME in the working directory."
SHOWN = ("roc_auc", "balanced_accuracy", "sensitivity", "specificity")
OVERLAP_HELP = "What to do if images are also in the run: refuse, leave them and their lesions out, or keep them."


def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=FOLDER_HELP)],
    table: Annotated[Path | None, typer.Option(metavar="FILE", help=TABLE_HELP)] = None,
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help=OUTPUT_HELP)] = None,
    overlap: Annotated[OnOverlap, typer.Option(help=OVERLAP_HELP)] = "refuse",
) -> None:
    """Evaluate the ensemble of the finished run on other labelled images: metrics, intervals and a page.

    Exit codes: 0 all images are evaluated; 1 some images or rows were left out, and the others are evaluated; 2 nothing
    is evaluated: images of the run, wrong options, no finished run, or another error that you can fix.
    """
    folder, table = folder.resolve(), table and table.absolute()
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder. Give the folder that holds the images.")
    output = (output or Path(f"evaluation-{folder.name}")).absolute()
    require_output(output, folder)
    print(NOTICE, file=sys.stderr)
    os.chdir(root := top_folder())
    results = evaluate_folder(folder, table, overlap, root)
    if results.problems:
        print(
            "Problems of the folder:", *(f"  {line}" for line in summarize(results.problems)), sep="\n", file=sys.stderr
        )
    if results.warning:
        print(f"WARNING: {results.warning}, so the calibration and the thresholds are too optimistic.", file=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that is not in UTF-8
    print(describe(results), render(results), sep="\n\n")
    write_results(results, output)
    print(f"\nPage and tables: {output}")
    if results.left_out:
        raise typer.Exit(LEFT_OUT)


def describe(results: Results) -> str:
    """Return what was evaluated, and whether it is an external set."""
    rows, unit = results.external.rows, "lesion" if results.has_lesions else "image"
    of = f" of {plural(rows['lesion_id'].nunique(), 'lesion')}" if results.has_lesions else ""
    malignant = rows.loc[rows["label"] == 1, "lesion_id"].nunique()
    counts = f"{plural(len(rows), 'image')}{of}, {plural(malignant, f'malignant {unit}')}"
    return f"{results.name}: {counts}.\n{verdict(results)}"


def render(results: Results) -> str:
    """Return the metrics of the ensemble and its members as tables for the terminal, by lesion if lesions are known."""
    settings, tables = results.settings.evaluate, results.external.evaluation.tables
    unit = "lesion" if results.has_lesions else "image"
    rows = [["", *(METRICS[name].title for name in SHOWN)]]
    for name in [each.name for each in results.external.evaluation.classifiers]:
        rows.append([classifier(name), *_values(tables["scores"], name, results.point)])
    if len(results.on_test):
        rows.append(["Ensemble on test", *_values(results.on_test, ENSEMBLE, results.point)])
    parts = [
        f"By {unit}, at the operating point {results.point!r} of the run, with {100 * settings.confidence:g} % "
        "confidence intervals:",
        plain_table(rows),
    ]
    parts += [f"Left out: {results.external.left_out}."] if results.external.left_out else []
    parts.append(plain_table([*_calibration(tables), *_referral(tables["coverage"], settings.confidence)]))
    return "\n\n".join(parts)


def _values(scores: pd.DataFrame, name: str, point: str) -> list[str]:
    own = scores[(scores["name"] == name) & (scores["unit"] == "lesion") & scores["point"].isin(["", point])]
    by_metric = own.set_index("metric")
    return [_of(by_metric, metric) if metric in by_metric.index else DASH for metric in SHOWN]


def _of(by_metric: pd.DataFrame, metric: str) -> str:
    return _bounded(*(float(by_metric[bound][metric]) for bound in ("value", "low", "high")))


def _bounded(value: float, low: float, high: float) -> str:
    return rate(value) + (f" ({interval(low, high)})" if is_finite(low) and is_finite(high) else "")


CALIBRATION = {
    "oe_ratio": "observed / expected (perfect: 1)",
    "intercept": "calibration intercept (perfect: 0)",
    "slope": "calibration slope (perfect: 1)",
    "brier": "Brier score (lower is better)",
}


def _calibration(tables: Mapping[str, pd.DataFrame]) -> list[list[str]]:
    """Return titles and values of the ensemble's calibration."""
    if "calibration" not in tables:
        return []
    own = tables["calibration"][tables["calibration"]["name"] == "after"]
    by_metric = own.set_index("metric")
    return [[title, _of(by_metric, metric)] for metric, title in CALIBRATION.items()]


def _referral(coverage: pd.DataFrame, confidence: float) -> list[list[str]]:
    """Return titles and values of the referral: the referred proportion, and the coverage of each label."""
    referred = referral(coverage, confidence)
    bounded = _bounded(referred["value"], referred["low"], referred["high"])
    rows = [["referred to a person", f"{bounded}, {count(referred['referred'])} of {count(referred['lesions'])}"]]
    for row in coverage.to_dict("records"):
        if row["lesions"]:
            bounded = _bounded(row["value"], row["low"], row["high"])
            rows.append(
                [f"coverage of {row['label']}", f"{bounded}, {count(row['covered'])} of {count(row['lesions'])}"]
            )
    return rows
