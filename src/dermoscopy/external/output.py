"""Write the results of an evaluation on other images into a folder."""

import os
import shutil
from pathlib import Path

import pandas as pd

from dermoscopy.core.errors import UserError, first_few
from dermoscopy.core.files import new_folder, write_text
from dermoscopy.evaluate.tables import TABLES
from dermoscopy.external.external import Results
from dermoscopy.external.page import render_page
from dermoscopy.ham10000.problems import printable

PREDICTIONS, REPORT = "predictions.csv", "report.html"
OUTPUTS = {PREDICTIONS, REPORT, *(f"{name}.csv" for name in TABLES)}


def require_output(output: Path, folder: Path) -> None:
    """Refuse a folder for the results that holds other files, or is in the folder of the images.

    Args:
        output: Absolute path of the folder; it may be missing.
        folder: Absolute path of the folder of the images.

    Raises:
        UserError: Results cannot be written there.
    """
    reason = ""
    if output.exists() and not output.is_dir():
        reason = "it is a file"
    elif not output.parent.is_dir():
        reason = f"there is no folder {output.parent}"
    elif not os.access(output.parent, os.W_OK):
        reason = f"the folder {output.parent} cannot be written"
    elif output.resolve().is_relative_to(folder.resolve()):
        reason = "it is in the folder of the images, whose table would not be found the next time"
    elif output.is_dir() and (others := sorted({path.name for path in output.iterdir()} - OUTPUTS)):
        reason = f"it holds files that are no results of this command: {printable(', '.join(first_few(others)))}"
    if reason:
        raise UserError(f"--output {output}: {reason}. Choose another folder.")


def write_results(results: Results, output: Path) -> None:
    """Write predictions, all tables that have rows, and the page, in place of earlier results.

    Args:
        results: Results of `evaluate_folder`.
        output: Folder that `require_output` accepted.
    """
    folder = new_folder(output.with_name(f".{output.name}.new"))
    try:
        write_text(folder / PREDICTIONS, predictions(results).to_csv(index=False, lineterminator="\n"))
        for name, table in results.external.evaluation.tables.items():
            if len(table):
                TABLES[name].write(table, folder / f"{name}.csv")
        write_text(folder / REPORT, render_page(results))
        shutil.rmtree(output, ignore_errors=True)
        folder.rename(output)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def predictions(results: Results) -> pd.DataFrame:
    """Return the table of predictions: a row for each labelled image, control characters in texts escaped."""
    columns = ["image_id", "lesion_id", "dx", "label", "dataset"]
    predicted = [str(name) for name in results.rows if str(name).startswith(("probability", "raw_", "p_"))]
    shown = [*columns, *predicted, "decision", "conformal_set", "unsuitable", "note", "overlap", "problem"]
    table = results.rows[[name for name in shown if name in results.rows]].fillna({"decision": "", "conformal_set": ""})
    texts = [str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    return table.assign(**{name: table[name].fillna("").map(printable) for name in texts})
