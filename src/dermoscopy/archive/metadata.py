"""The archive's own table, which may have been spoilt in any way on its way here."""

from pathlib import Path

import pandas as pd

from dermoscopy.archive.layout import COLUMNS
from dermoscopy.archive.problems import Problem
from dermoscopy.params.policy import DIAGNOSES

SEPARATORS = ",;\t"
ID = r"[A-Za-z0-9][A-Za-z0-9_-]*"
LEAVES = r"[/\\]|^\.\.?$"
OLDEST = 120  # years


def read_text(path: Path) -> pd.DataFrame:
    """Read the table as it is written: every field a string, a missing one empty.

    A byte-order mark and the separators of a spreadsheet are accepted.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a table in UTF-8.
    """
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline()
    separator = max(SEPARATORS, key=header.count)
    # Without index_col, a separator too many at every line's end would shift all columns by one.
    frame = pd.read_csv(
        path,
        sep=separator,
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
        index_col=False,
        on_bad_lines="error",
    )
    return frame.fillna("")


def read(path: Path) -> pd.DataFrame:
    """Read a table that `check` found sound.

    Returns:
        The published columns, sorted by image_id; age in years, missing where it is not known.
    """
    frame = read_text(path)[list(COLUMNS)].sort_values("image_id", ignore_index=True)
    return frame.assign(age=pd.to_numeric(frame["age"].replace("", None)).astype("float64"))


def check(frame: pd.DataFrame) -> list[Problem]:
    """List everything that is wrong within the table.

    Missing age, sex and localization are normal.

    Args:
        frame: What `read_text` returned.
    """
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        received = ", ".join(frame.columns)
        return [Problem("column missing from the table", name, f"received {received}") for name in missing]
    if frame.empty:
        return [Problem("table without rows", "0 rows")]

    def id_checks(name: str) -> list[pa.Check]:
        return [
            pa.Check(lambda ids: ids != "", error=f"missing {name}"),
            pa.Check(lambda ids: ~ids.str.contains(LEAVES), error=f"{name} that leaves the folder"),
            pa.Check(
                lambda ids: (ids == "") | ids.str.contains(LEAVES) | ids.str.fullmatch(ID), error=f"malformed {name}"
            ),
        ]

    def years(ages: "pd.Series[str]") -> "pd.Series[bool]":
        return (ages == "") | pd.to_numeric(ages, errors="coerce").between(0, OLDEST)

    once = pa.Check(lambda ids: (ids == "") | ~ids.duplicated(keep=False), error="image_id in several rows")
    one_diagnosis = pa.Check(
        lambda table: (table["lesion_id"] == "") | (table.groupby("lesion_id")["dx"].transform("nunique") == 1),
        error="lesion with several diagnoses",
    )
    schema = pa.DataFrameSchema(
        {
            "lesion_id": pa.Column(str, id_checks("lesion_id")),
            "image_id": pa.Column(str, [*id_checks("image_id"), once]),
            "dx": pa.Column(str, pa.Check.isin(DIAGNOSES, error=f"dx other than {', '.join(DIAGNOSES)}")),
            "age": pa.Column(str, pa.Check(years, error=f"age outside 0 to {OLDEST}")),
        },
        checks=one_diagnosis,
    )
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        return _problems(errors.failure_cases, frame)
    return []


def _problems(failures: pd.DataFrame, frame: pd.DataFrame) -> list[Problem]:
    """Turn pandera's failure cases into problems named after photographs or lesions."""
    problems: dict[Problem, None] = {}
    for kind, column, row in zip(failures["check"], failures["column"], failures["index"], strict=True):
        cells = {name: str(value) for name, value in frame.loc[int(row)].items()}
        line = f"line {int(row) + 2}"
        if kind == "lesion with several diagnoses":
            lesion = cells["lesion_id"]
            found = frame.loc[frame["lesion_id"] == lesion, "dx"].unique()
            problem = Problem(kind, lesion, ", ".join(sorted(found)))
        else:
            value = cells[column]
            detail = line if column == "image_id" else repr(value)
            problem = Problem(kind, cells["image_id"] or line, detail if value else "")
        problems[problem] = None
    return list(problems)
