"""Predict images with the ensemble of the finished run, or of a bundle."""

import io
import json
import math
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer

from dermoscopy import load
from dermoscopy.cli.compare import plain_table
from dermoscopy.cli.held_out import require_writable_file
from dermoscopy.cli.repository import top_folder
from dermoscopy.core.files import atomic_write
from dermoscopy.evaluate.params import Point
from dermoscopy.ham10000.problems import printable
from dermoscopy.use.model import Model

Format = Literal["table", "csv", "json"]

NOTICE = "Not a medical device: for research only, not for decisions about patients."
UNREADABLE = 1  # exit code
DECIMALS = 3
PATHS_HELP = "Files, folders, patterns such as 'images/*.jpg', or zips."
FORMAT_HELP = "Format of the result. Without it, the ending of --output sets it: .csv or .json; else table."
OUTPUT_HELP = "File for the result, instead of the terminal."
EXPLAIN_HELP = "Folder for Grad-CAM overlays, one PNG file for each image."
MODEL_HELP = "Bundle to use, see dermoscopy export. Without it: the finished run of this project."
POINT_HELP = "Operating point of the decisions. Without it: evaluate.point of the run."


def predict(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help=PATHS_HELP)],
    output_format: Annotated[Format | None, typer.Option("--format", help=FORMAT_HELP)] = None,
    output: Annotated[Path | None, typer.Option(help=OUTPUT_HELP)] = None,
    bundle: Annotated[Path | None, typer.Option("--model", metavar="BUNDLE", help=MODEL_HELP)] = None,
    explain: Annotated[Path | None, typer.Option(metavar="FOLDER", help=EXPLAIN_HELP)] = None,
    point: Annotated[Point | None, typer.Option(help=POINT_HELP)] = None,
) -> None:
    """Predict images with the ensemble of a finished run or of a bundle: probability of malignancy, decision, members.

    An image that is not suitable (blank, too dark, unlike the training images and so on) has no decision; it does not
    change the exit code.

    Exit codes: 0 all images are predicted; 1 some could not be read, and the others are predicted; 2 wrong options, no
    finished run, or another error that you can fix; 130 interrupted.
    """
    output = output and output.absolute()
    if output:
        require_writable_file(output)
    print(NOTICE, file=sys.stderr)
    model = load(bundle or top_folder())
    if model.warning:
        print(f"WARNING: {model.warning}, so the ensemble is less accurate than its metrics.", file=sys.stderr)
    table = model.predict(paths, point=point, explain=explain)
    chosen = output_format or (_format_of(output) if output else "table")
    text = render(table, chosen, model, point or model.recorded.point)
    if output:
        with atomic_write(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    else:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that is not in UTF-8
        sys.stdout.write(text)
    unsuitable = int((table["unsuitable"] != "").sum())
    if unsuitable:
        print(
            f"{unsuitable:,} of {len(table):,} are not suitable and have no decision: see the column unsuitable.",
            file=sys.stderr,
        )
    unreadable = int((table["problem"] != "").sum())
    if unreadable:
        print(f"{unreadable:,} of {len(table):,} could not be read: see the column problem.", file=sys.stderr)
        raise typer.Exit(UNREADABLE)


def _format_of(output: Path) -> Format:
    formats: dict[str, Format] = {".csv": "csv", ".json": "json"}
    return formats.get(output.suffix.lower(), "table")


def render(table: pd.DataFrame, output_format: Format, model: Model, point: str) -> str:
    """Return predictions as text that ends with a line break.

    Control characters in names are escaped, so that each image is one line. JSON has the names as they are.

    Args:
        table: Result of `Model.predict`.
        output_format: Format of the text.
        model: The ensemble.
        point: Operating point of the decisions.
    """
    if output_format == "json":
        return _json(table, model, point)
    texts = [str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    escaped = table.assign(**{name: table[name].map(printable) for name in texts})
    if output_format == "csv":
        return escaped.to_csv(index=False, lineterminator="\n")
    shown = [
        str(name) for name in escaped if name not in ("unsuitable", "note", "problem") or (escaped[name] != "").any()
    ]
    rows = [[_cell(value) for value in row] for row in escaped[shown].itertuples(index=False, name=None)]
    return plain_table([shown, *rows]) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if math.isnan(value) else f"{value:.{DECIMALS}f}"


def _json(table: pd.DataFrame, model: Model, point: str) -> str:
    rows = [
        {key: None if value == "" or (isinstance(value, float) and math.isnan(value)) else value for key, value in row}
        for row in (row.items() for row in table.to_dict("records"))
    ]
    head = {
        "notice": NOTICE,
        "warning": model.warning or None,
        "point": point,
        "threshold": model.thresholds[point],
        "malignant_from": model.sets.malignant_from,
        "benign_until": model.sets.benign_until,
        "method": model.combiner.method,
        "members": list(model.members),
        "images": rows,
    }
    return json.dumps(head, indent=2) + "\n"
