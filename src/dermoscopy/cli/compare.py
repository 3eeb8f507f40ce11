"""Compare two experiments by paired tests, from the predictions that DVC keeps of them.

Tables of another revision, as DVC keeps them.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import pandas as pd
import typer

from dermoscopy.cli.dvc import top_folder
from dermoscopy.core.errors import UserError
from dermoscopy.core.params import PARAMS, load, read_yaml
from dermoscopy.core.tables import PREDICTIONS, Table
from dermoscopy.ensemble.fit import POINTS
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.stats.lesions import by_lesion
from dermoscopy.stats.paired import PairedTest, ThresholdedScores, delong
from dermoscopy.stats.paired import compare as compare_classifiers


def read_stored(table: Table, path: str, revision: str) -> pd.DataFrame:
    """Read a table of a revision from DVC's cache, the workspace untouched.

    Args:
        table: What it is.
        path: Where, from the project's top folder, which is the working directory.
        revision: A commit, branch, tag or experiment.

    Raises:
        UserError: There is no such revision, it has no such table, or its content is nowhere.
        TableError: The table is of another version of this pipeline.
    """
    import dvc.api
    from dvc.exceptions import DvcException
    from dvc.scm import RevError
    from dvc_data.index import DataIndexDirError

    try:
        text = dvc.api.read(path, rev=revision)
    except RevError:
        raise UserError(f"{revision} is no commit, branch, tag or experiment: dvc exp show names them.") from None
    except (DvcException, DataIndexDirError, FileNotFoundError) as error:
        raise UserError(
            f"{revision} has no {path} here: {error}\n"
            "It may be of before that table, or its content of another machine: git checkout, then dvc repro."
        ) from None
    with TemporaryDirectory() as folder:
        copy = Path(folder, Path(path).name)
        copy.write_text(text, encoding="utf-8")
        return table.read(copy)


ENSEMBLE = {"val": "data/ensemble/val.csv", "test": "data/evaluation/predictions.csv"}
SPLIT_HELP = "Which images: val, where ideas are compared, or test, for the one that was chosen."
KEYS = ["image_id", "lesion_id", "label"]


def compare(
    first: Annotated[str, typer.Argument(metavar="REV1", help="A commit, branch, tag or experiment.")],
    second: Annotated[str, typer.Argument(metavar="REV2", help="Another one.")],
    split: Annotated[Literal["val", "test"], typer.Option(help=SPLIT_HELP)] = "val",
) -> None:
    """Compare two experiments on the same lesions: what differs, and whether chance alone would do it."""
    os.chdir(top_folder())
    settings = load("evaluate", Evaluate)
    rows, tested = compare_revisions(first, second, split, settings)
    count = rows["lesion_id"].nunique()
    print(f"{second} minus {first}, on the same {len(rows)} images of {count} lesions of {split}:\n")
    print(render(tested, settings.confidence))
    print(
        f"\nBy lesion; the ensemble's calls at the operating point {settings.point!r}. Several tests at once: "
        "by chance one in twenty has p below 0.05."
    )


def compare_revisions(
    first: str, second: str, split: Literal["val", "test"], settings: Evaluate
) -> tuple[pd.DataFrame, list[tuple[str, PairedTest]]]:
    """Test the ensembles of two revisions, and the members that both have, against each other.

    Args:
        first: A revision.
        second: Another; differences are its value minus the first's.
        split: Which predictions.
        settings: The confidence of intervals, and the operating point of the calls.

    Returns:
        The images, and each classifier's name with a test.

    Raises:
        UserError: A revision lacks its predictions, or both are of other images.
    """
    rows, calls = _ensemble(second, split, settings.point)
    others, other_calls = _ensemble(first, split, settings.point)
    _same(others, rows, first, second)
    tested = compare_classifiers(rows, calls, other_calls, settings.confidence)
    found = [("ensemble", one) for one in tested if one.unit == "lesion"]
    before = _members(first)
    for member in filter(before.__contains__, _members(second)):
        tables = [read_stored(PREDICTIONS, f"data/predictions/{member}/{split}.csv", name) for name in (second, first)]
        _same(tables[1], tables[0], first, second)
        # The order of lesions is compared, not calls: what threshold they would have does not matter.
        of = [ThresholdedScores(table["probability"].to_numpy(), 1.0) for table in tables]
        found.append((member, delong(by_lesion(tables[0]), of[0], of[1], settings.confidence)))
    return rows, found


def render(tested: list[tuple[str, PairedTest]], confidence: float) -> str:
    """Return the tests as a table of plain text."""
    header = ("", "metric", "REV1", "REV2", "difference", f"{100 * confidence:g} % interval", "p", "test")
    lines = [
        (
            name,
            one.metric,
            f"{one.second:.3f}",
            f"{one.first:.3f}",
            f"{one.difference:+.3f}",
            f"{one.low:+.3f} to {one.high:+.3f}",
            f"{one.p:.3f}",
            one.test,
        )
        for name, one in tested
    ]
    widths = [max(len(row[column]) for row in [header, *lines]) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *lines]
    )


def _members(revision: str) -> list[str]:
    import dvc.api

    return list(read_yaml(dvc.api.read(str(PARAMS), rev=revision))["models"])


def _ensemble(revision: str, split: Literal["val", "test"], point: str) -> tuple[pd.DataFrame, ThresholdedScores]:
    rows = read_stored(PREDICTIONS, ENSEMBLE[split], revision)
    points = read_stored(POINTS, "data/ensemble/points.csv", revision)
    (threshold,) = points.loc[(points["name"] == "ensemble") & (points["point"] == point), "threshold"]
    return rows, ThresholdedScores(rows["probability"].to_numpy(), float(threshold))


def _same(first: pd.DataFrame, second: pd.DataFrame, *names: str) -> None:
    """Refuse two tables of other images, or with other labels."""
    if first[KEYS].equals(second[KEYS]):
        return
    both = first[KEYS].merge(second[KEYS], on=KEYS)
    unlike = [f"{len(of) - len(both)} of {name}'s {len(of)}" for of, name in zip((first, second), names, strict=True)]
    raise UserError(
        f"A paired test needs the same images with the same labels: {' and '.join(unlike)} are not in the other.\n"
        "Compare revisions with the same dataset, policy and split.*, and let seed differ instead of split.seed."
    )
