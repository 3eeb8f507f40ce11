"""Predictions of several classifiers, side by side on the same photographs."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dermoscopy.errors import LeakError, TableError

SHOWN = 3  # photographs named of each problem


def align(rows: pd.DataFrame, tables: Mapping[str, tuple[Path, pd.DataFrame]]) -> pd.DataFrame:
    """Bring every classifier's probabilities into one table, matched by image_id.

    Args:
        rows: The photographs that count, with columns image_id and label.
        tables: For each classifier its predictions (`tables.predictions`) and the file they are from.

    Returns:
        A row for each of `rows`, in their order and indexed by image_id; a column of
        probabilities for each classifier.

    Raises:
        LeakError: A table holds photographs of another part.
        TableError: A table lacks photographs, or holds one of them twice, other labels than
            `rows`, or what is no probability; all of them named.
    """
    problems = [f"{path}: {problem}" for path, table in tables.values() for problem in _problems(rows, table)]
    if any(not table["image_id"].isin(rows["image_id"]).all() for _, table in tables.values()):
        raise LeakError("Predictions of another part are among these", problems, "Run `dvc repro`.")
    if problems:
        raise TableError("\n  ".join(["Predictions do not fit together:", *problems]) + "\nRun `dvc repro`.")
    columns = {name: table.set_index("image_id")["probability"] for name, (_, table) in tables.items()}
    return pd.DataFrame(columns).loc[list(rows["image_id"])]


def _problems(rows: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    expected, received = rows.set_index("image_id")["label"], table.set_index("image_id")["label"]
    both = expected.index.intersection(received.index)
    twice = received.index[received.index.duplicated()].unique()
    if len(twice):
        return [_name(twice, "listed twice")]
    wrong = table.loc[~table["probability"].between(0, 1), "image_id"]
    found = {
        "missing": expected.index.difference(received.index),
        "of another part": received.index.difference(expected.index),
        "with another label": both[expected[both].to_numpy() != received[both].to_numpy()],
        "with a probability outside 0 to 1": pd.Index(wrong),
    }
    return [_name(images, problem) for problem, images in found.items() if len(images)]


def _name(images: "pd.Index[str]", problem: str) -> str:
    more = ", …" if len(images) > SHOWN else ""
    count = "1 photograph" if len(images) == 1 else f"{len(images)} photographs"
    return f"{count} {problem} ({', '.join(images[:SHOWN])}{more})"
