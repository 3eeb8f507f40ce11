"""Compare two revisions by paired tests on the predictions that DVC stores."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import pandas as pd
import typer

from dermoscopy.check.clone import GET_ALL, lacks_files
from dermoscopy.cli.repository import top_folder
from dermoscopy.core.errors import UserError
from dermoscopy.core.params import PARAMS, load, read_yaml
from dermoscopy.core.tables import PREDICTIONS, Table
from dermoscopy.ensemble.fit import OUT_OF_FOLD
from dermoscopy.ensemble.thresholds import POINTS
from dermoscopy.evaluate.params import Evaluate
from dermoscopy.stats.lesions import by_lesion
from dermoscopy.stats.paired import PairedTest, ThresholdedScores, delong
from dermoscopy.stats.paired import compare as compare_classifiers
from dermoscopy.use.recorded import is_outdated


def read_stored(table: Table, path: str, revision: str) -> pd.DataFrame:
    """Read a table of a revision from DVC's cache, without changing the workspace.

    Args:
        table: Columns and types of the table.
        path: Path of the table from the project's top folder, which is the working directory.
        revision: A commit, branch, tag or experiment.

    Raises:
        UserError: The revision does not exist, lacks the table, or its content is not in the cache.
        TableError: The table was written by another version of this pipeline.
    """
    import dvc.api
    from dvc.exceptions import DvcException
    from dvc.scm import RevError
    from dvc_data.index import DataIndexDirError

    try:
        text = dvc.api.read(path, rev=revision)
    except RevError:
        raise UserError(
            f"{revision} is not a commit, branch, tag or experiment. To list the experiments: dvc exp show"
        ) from None
    except (DvcException, DataIndexDirError, FileNotFoundError) as error:
        raise UserError(
            f"{path} of {revision} is not available: {error}\n"
            "The revision may be older than this table, or its content may be on another machine. To compute it "
            "again, check the revision out and run: dvc repro"
        ) from None
    with TemporaryDirectory() as folder:
        temporary = Path(folder, Path(path).name)
        temporary.write_text(text, encoding="utf-8")
        return table.read(temporary)


ENSEMBLE = {"val": "data/ensemble/val.csv", "test": "data/evaluation/predictions.csv"}
STAGES = {"val": "ensemble", "test": "evaluate"}
SPLIT_HELP = "Split to compare on: val to choose between ideas, test only for the chosen one."
KEYS = ["image_id", "lesion_id", "label"]


def compare(
    first: Annotated[str, typer.Argument(metavar="REV1", help="Commit, branch, tag or experiment.")],
    second: Annotated[str, typer.Argument(metavar="REV2", help="Commit, branch, tag or experiment.")],
    split: Annotated[Literal["val", "test"], typer.Option(help=SPLIT_HELP)] = "val",
) -> None:
    """Compare two revisions on the same lesions: differences, confidence intervals and paired significance tests."""
    os.chdir(top_folder())
    for revision in (first, second):
        if lacks_files("--no-walk", revision):
            raise UserError(f"{revision}: this clone lacks files of it (git clone --filter). {GET_ALL}")
    settings = load("evaluate", Evaluate)
    rows, tested = compare_revisions(first, second, split, settings)
    count = rows["lesion_id"].nunique()
    print(f"Differences {second} - {first} on the {split} split: {len(rows)} images of {count} lesions.\n")
    print(render(tested, settings.confidence))
    print(
        "\nTests by lesion. Sensitivity, specificity and accuracy are those of the ensemble at the operating point "
        f"{settings.point!r}. p-values are not adjusted: without any difference, one test in twenty has p below 0.05."
    )


def compare_revisions(
    first: str, second: str, split: Literal["val", "test"], settings: Evaluate
) -> tuple[pd.DataFrame, list[tuple[str, PairedTest]]]:
    """Test the ensembles of two revisions, and the members that both have, against each other.

    Args:
        first: Revision that is the reference.
        second: Revision that is compared with it; differences are second minus first.
        split: Split whose predictions are compared.
        settings: Confidence level of the intervals and operating point of the predicted labels.

    Returns:
        The rows of the images, and a test for each metric with the classifier's name.

    Raises:
        UserError: A revision lacks its predictions, or the revisions have different images.
    """
    rows, ensemble = _ensemble(second, split, settings.point)
    reference_rows, reference_ensemble = _ensemble(first, split, settings.point)
    _require_same_images(reference_rows, rows, first, second)
    tests = compare_classifiers(rows, ensemble, reference_ensemble, settings.confidence)
    tested = [("ensemble", test) for test in tests if test.unit == "lesion"]
    reference_members = _members(first)
    for member in filter(reference_members.__contains__, _members(second)):
        path = f"data/predictions/{split}/{member}.csv"
        table, reference = (read_stored(PREDICTIONS, path, revision) for revision in (second, first))
        _require_same_images(reference, table, first, second)
        # DeLong's test compares the order of lesions, so the threshold has no effect.
        scores = ThresholdedScores(table["probability"].to_numpy(), 1.0)
        reference_scores = ThresholdedScores(reference["probability"].to_numpy(), 1.0)
        lesions = by_lesion(table)
        for within_source in (False, True) if lesions.source is not None else (False,):
            test = delong(lesions, scores, reference_scores, settings.confidence, within_source=within_source)
            tested.append((member, test))
    return rows, tested


def render(tested: list[tuple[str, PairedTest]], confidence: float) -> str:
    """Return the tests as a table of plain text.

    Args:
        tested: Each test with its classifier's name.
        confidence: Confidence level of the intervals, 0 to 1.
    """
    header = ("", "metric", "REV1", "REV2", "difference", f"{100 * confidence:g} % CI", "p", "test")
    lines = [
        (
            name,
            test.metric,
            f"{test.second:.3f}",
            f"{test.first:.3f}",
            f"{test.difference:+.3f}",
            f"{test.low:+.3f} to {test.high:+.3f}",
            f"{test.p:.3f}",
            test.test,
        )
        for name, test in tested
    ]
    return plain_table([header, *lines])


def plain_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines with aligned columns; the first row is the header."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _members(revision: str) -> list[str]:
    import dvc.api

    return list(read_yaml(dvc.api.read(str(PARAMS), rev=revision))["models"])


def _ensemble(revision: str, split: Literal["val", "test"], point: str) -> tuple[pd.DataFrame, ThresholdedScores]:
    _require_results(revision, split)
    rows = read_stored(OUT_OF_FOLD if split == "val" else PREDICTIONS, ENSEMBLE[split], revision)
    points = read_stored(POINTS, "data/ensemble/points.csv", revision)
    (threshold,) = points.loc[(points["name"] == "ensemble") & (points["point"] == point), "threshold"]
    score = rows["score" if split == "val" else "probability"].to_numpy()
    return rows, ThresholdedScores(rows["probability"].to_numpy(), float(threshold), score)


def _require_results(revision: str, split: Literal["val", "test"]) -> None:
    """Refuse a revision whose last run ended before the results on a split: what it stores is of an earlier model."""
    import dvc.api
    from dvc.exceptions import DvcException

    try:
        recorded = read_yaml(dvc.api.read("dvc.lock", rev=revision))["stages"]
    except (DvcException, FileNotFoundError):
        return  # about such a revision `read_stored` knows more
    if is_outdated(recorded, STAGES[split]):
        raise UserError(
            f"{revision} has no results on {split}: its run ended before the stage {STAGES[split]}.\n"
            f"To run the other stages: dvc exp apply {revision}, then: dvc exp run --name {revision}-{split}, and "
            f"compare {revision}-{split}."
        )


def _require_same_images(first: pd.DataFrame, second: pd.DataFrame, *names: str) -> None:
    """Refuse two tables with different images or labels."""
    if first[KEYS].equals(second[KEYS]):
        return
    both = first[KEYS].merge(second[KEYS], on=KEYS)
    unmatched = [
        f"{len(rows) - len(both)} of {len(rows)} of {name}" for rows, name in zip((first, second), names, strict=True)
    ]
    raise UserError(
        "A paired test needs the same images with the same labels. Images without a match in the other revision: "
        f"{', '.join(unmatched)}.\n"
        "Compare revisions with the same dataset, policy and split.*; vary seed instead of split.seed."
    )
