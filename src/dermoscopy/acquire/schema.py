"""What the dataset's own table must hold; it may have been spoilt in any way on its way here."""

from reprlib import repr as short
from typing import TYPE_CHECKING

import pandas as pd

from dermoscopy.core.nearest import nearest_word
from dermoscopy.ham10000.metadata import COLUMNS, DIAGNOSES, ID, is_unknown
from dermoscopy.ham10000.problems import Problem

if TYPE_CHECKING:
    import pandera.pandas as pa

IDS = ("image_id", "lesion_id")
LEAVES = r"[/\\]|^\.\.?$"
ENDING = r"(?i)\.(?:jpe?g|png)$"
COPY = r"(?i)_copy[0-9]+$"  # as dataset.copies names them
CONTROL = r"[\x00-\x1f\x7f-\x9f]"
TEXTS = ("dx_type", "sex", "localization")
OLDEST = 120  # years
LONGEST = 200  # characters of a header that is told


def check(frame: pd.DataFrame) -> list[Problem]:
    """List everything that is wrong within the table.

    Missing age, sex and localization are normal.

    Args:
        frame: As `metadata.read_raw` returned it.
    """
    twice = frame.columns[frame.columns.duplicated()].intersection(list(COLUMNS))
    if len(twice):
        return [Problem("column twice in the table", name, outcome="fatal") for name in twice.unique()]
    if missing := _missing_columns(list(frame.columns)):
        return missing
    if frame.empty:
        return []
    return [*_cells(frame), *_repeated(frame), *_letter_case(frame), *_diagnoses(frame)]


def _missing_columns(received: list[str]) -> list[Problem]:
    others = [name for name in received if name not in COLUMNS]
    missing = [name for name in COLUMNS if name not in received]
    near = {name: nearest_word(name, others) for name in missing}
    # Once is enough for all that resemble nothing.
    far = next((name for name in missing if not near[name]), None)
    details = {name: f"is it {word!r}?" if word else "" for name, word in near.items()}
    if far:
        details[far] = f"received {', '.join(received)[:LONGEST]!r}"
    return [Problem("column missing from the table", name, details[name], outcome="fatal") for name in missing]


def _cells(frame: pd.DataFrame) -> list[Problem]:
    """List what is wrong with single fields, with pandera, which finds it all in one go."""
    from pandera.errors import SchemaErrors

    try:
        _schema().validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.astype({"index": int}).sort_values("index", kind="stable")
    else:
        return []
    rows = frame[list(COLUMNS)].to_dict("index")
    problems = []
    for kind, column, line in zip(cases["check"], cases["column"], cases["index"], strict=True):
        cells = rows[line]
        image_id, value = cells["image_id"], cells[column]
        detail = f"line {line}" if column == "image_id" else short(value)
        images = (image_id,) if image_id else ()
        problems.append(Problem(kind, image_id or f"line {line}", detail if value else "", images))
    return problems


def _schema() -> "pa.DataFrameSchema":
    import pandera.pandas as pa

    def identifier(name: str) -> "pa.Column":
        def told_already(ids: "pd.Series[str]") -> "pd.Series[bool]":
            return (ids == "") | ids.str.contains(LEAVES) | ids.str.contains(ENDING)

        return pa.Column(
            str,
            [
                pa.Check(lambda ids: ids != "", error=f"missing {name}"),
                pa.Check(lambda ids: ~ids.str.contains(LEAVES), error=f"{name} that leaves the folder"),
                pa.Check(
                    lambda ids: ids.str.contains(LEAVES) | ~ids.str.contains(ENDING),
                    error=f"{name} that ends like a file's name",
                ),
                pa.Check(lambda ids: told_already(ids) | ids.str.fullmatch(ID), error=f"malformed {name}"),
            ],
        )

    def years(ages: "pd.Series[str]") -> "pd.Series[bool]":
        return is_unknown(ages) | pd.to_numeric(ages, errors="coerce").between(0, OLDEST)

    columns = {name: identifier(name) for name in IDS}
    columns["image_id"].checks.append(
        pa.Check(lambda ids: ~ids.str.contains(COPY), error="image_id that ends like a copy's")
    )
    text = pa.Check(lambda texts: ~texts.str.contains(CONTROL), error="field with a control character")
    return pa.DataFrameSchema(
        {
            **columns,
            "dx": pa.Column(str, pa.Check.isin(DIAGNOSES, error=f"dx other than {', '.join(DIAGNOSES)}")),
            **{name: pa.Column(str, text) for name in TEXTS},
            "age": pa.Column(str, pa.Check(years, error=f"age outside 0 to {OLDEST}")),
        }
    )


def _repeated(frame: pd.DataFrame) -> list[Problem]:
    repeated = frame[frame["image_id"].duplicated(keep=False) & (frame["image_id"] != "")]
    return [
        Problem("image_id in several rows", str(name), f"lines {', '.join(map(str, rows.index))}", (str(name),))
        for name, rows in repeated.groupby("image_id")
    ]


def _letter_case(frame: pd.DataFrame) -> list[Problem]:
    """List ids that one file system, or one reader, takes for the same."""
    problems = []
    for column in IDS:
        folded = frame[column].str.casefold()
        alike = frame[frame.groupby(folded)[column].transform("nunique") > 1]
        for _, rows in alike.groupby(folded[alike.index]):
            names = ", ".join(sorted(set(rows[column])))
            problems.append(Problem(f"{column}s that differ in letter case only", names, "", _named(rows)))
    return problems


def _diagnoses(frame: pd.DataFrame) -> list[Problem]:
    """List lesions of several diagnoses; a dx that is none has been told already."""
    known = frame[frame["dx"].isin(DIAGNOSES) & (frame["lesion_id"] != "")]
    number = known.groupby("lesion_id")["dx"].nunique()
    several = frame[frame["lesion_id"].isin(number.index[number > 1])]
    return [
        Problem("lesion with several diagnoses", str(lesion), ", ".join(sorted(set(rows["dx"]))), _named(rows))
        for lesion, rows in several.groupby("lesion_id")
    ]


def _named(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(sorted(set(rows["image_id"]) - {""}))
