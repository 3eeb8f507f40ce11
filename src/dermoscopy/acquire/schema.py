"""Check the columns and values of HAM10000_metadata.csv."""

from reprlib import repr as short
from typing import TYPE_CHECKING

import pandas as pd

from dermoscopy.core.suggestions import nearest_word
from dermoscopy.ham10000.metadata import COLUMNS, DIAGNOSES, ID, is_unknown
from dermoscopy.ham10000.problems import Problem

if TYPE_CHECKING:
    import pandera.pandas as pa

ID_COLUMNS = ("image_id", "lesion_id")
TEXT_COLUMNS = ("dx_type", "sex", "localization")
OUTSIDE_FOLDER = r"[/\\]|^\.\.?$"
FILE_ENDING = r"(?i)\.(?:jpe?g|png)$"
AUGMENTED_ID = r"(?i)_copy[0-9]+$"  # the ids of augmented images
CONTROL = r"[\x00-\x1f\x7f-\x9f]"
MAX_AGE = 120  # years
MAX_HEADER = 200  # characters of the header that a message shows


def check_table(frame: pd.DataFrame) -> list[Problem]:
    """List all problems within the table.

    A missing age, sex or localization is no problem.

    Args:
        frame: The table as text, `ham10000.metadata.read_raw(path).frame`.
    """
    repeated = frame.columns[frame.columns.duplicated()].intersection(list(COLUMNS))
    if len(repeated):
        return [Problem("column twice in the table", name, outcome="fatal") for name in repeated.unique()]
    if missing := _missing_columns(list(frame.columns)):
        return missing
    if frame.empty:
        return []
    return [*_invalid_values(frame), *_repeated_ids(frame), *_ids_differing_in_case(frame), *_several_diagnoses(frame)]


def _missing_columns(received: list[str]) -> list[Problem]:
    unexpected = [name for name in received if name not in COLUMNS]
    missing = [name for name in COLUMNS if name not in received]
    nearest = {name: nearest_word(name, unexpected) for name in missing}
    # The header is shown once only, with the first column that no received name resembles.
    unmatched = next((name for name in missing if not nearest[name]), None)
    details = {name: f"is it {word!r}?" if word else "" for name, word in nearest.items()}
    if unmatched:
        details[unmatched] = f"received {', '.join(received)[:MAX_HEADER]!r}"
    return [Problem("column missing from the table", name, details[name], outcome="fatal") for name in missing]


def _invalid_values(frame: pd.DataFrame) -> list[Problem]:
    """List invalid values of single fields, all found by one validation with pandera."""
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
        fields = rows[line]
        image_id, value = fields["image_id"], fields[column]
        detail = f"line {line}" if column == "image_id" else short(value)
        images = (image_id,) if image_id else ()
        problems.append(Problem(kind, image_id or f"line {line}", detail if value else "", images))
    return problems


def _schema() -> "pa.DataFrameSchema":
    import pandera.pandas as pa

    def id_column(name: str) -> "pa.Column":
        def already_reported(ids: "pd.Series[str]") -> "pd.Series[bool]":
            return (ids == "") | ids.str.contains(OUTSIDE_FOLDER) | ids.str.contains(FILE_ENDING)

        return pa.Column(
            str,
            [
                pa.Check(lambda ids: ids != "", error=f"missing {name}"),
                pa.Check(lambda ids: ~ids.str.contains(OUTSIDE_FOLDER), error=f"{name} with a path outside the folder"),
                pa.Check(
                    lambda ids: ids.str.contains(OUTSIDE_FOLDER) | ~ids.str.contains(FILE_ENDING),
                    error=f"{name} with a file ending",
                ),
                pa.Check(lambda ids: already_reported(ids) | ids.str.fullmatch(ID), error=f"malformed {name}"),
            ],
        )

    def is_age(ages: "pd.Series[str]") -> "pd.Series[bool]":
        return is_unknown(ages) | pd.to_numeric(ages, errors="coerce").between(0, MAX_AGE)

    columns = {name: id_column(name) for name in ID_COLUMNS}
    columns["image_id"].checks.append(
        pa.Check(lambda ids: ~ids.str.contains(AUGMENTED_ID), error="image_id with the ending of an augmented image")
    )
    text = pa.Check(lambda texts: ~texts.str.contains(CONTROL), error="field with a control character")
    return pa.DataFrameSchema(
        {
            **columns,
            "dx": pa.Column(str, pa.Check.isin(DIAGNOSES, error=f"dx other than {', '.join(DIAGNOSES)}")),
            **{name: pa.Column(str, text) for name in TEXT_COLUMNS},
            "age": pa.Column(str, pa.Check(is_age, error=f"age outside 0 to {MAX_AGE}")),
        }
    )


def _repeated_ids(frame: pd.DataFrame) -> list[Problem]:
    repeated = frame[frame["image_id"].duplicated(keep=False) & (frame["image_id"] != "")]
    return [
        Problem("image_id in several rows", str(name), f"lines {', '.join(map(str, rows.index))}", (str(name),))
        for name, rows in repeated.groupby("image_id")
    ]


def _ids_differing_in_case(frame: pd.DataFrame) -> list[Problem]:
    """List ids that differ in letter case only: some file systems take them for the same."""
    problems = []
    for column in ID_COLUMNS:
        folded = frame[column].str.casefold()
        alike = frame[frame.groupby(folded)[column].transform("nunique") > 1]
        for _, rows in alike.groupby(folded[alike.index]):
            names = ", ".join(sorted(set(rows[column])))
            problems.append(Problem(f"{column}s that differ in letter case only", names, "", _image_ids(rows)))
    return problems


def _several_diagnoses(frame: pd.DataFrame) -> list[Problem]:
    """List lesions with several diagnoses; an unknown dx is reported elsewhere."""
    known = frame[frame["dx"].isin(DIAGNOSES) & (frame["lesion_id"] != "")]
    number = known.groupby("lesion_id")["dx"].nunique()
    several = frame[frame["lesion_id"].isin(number.index[number > 1])]
    return [
        Problem("lesion with several diagnoses", str(lesion), ", ".join(sorted(set(rows["dx"]))), _image_ids(rows))
        for lesion, rows in several.groupby("lesion_id")
    ]


def _image_ids(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(sorted(set(rows["image_id"]) - {""}))
