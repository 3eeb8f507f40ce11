"""Check the columns and values of HAM10000_metadata.csv."""

from typing import TYPE_CHECKING

import pandas as pd

from dermoscopy.core.suggestions import nearest_word
from dermoscopy.core.tables import DATASET, UNKNOWN
from dermoscopy.ham10000.metadata import COLUMNS, ID
from dermoscopy.ham10000.problems import Problem
from dermoscopy.ham10000.words import DIAGNOSES, MAX_AGE, nearest, normalize, read, read_columns

if TYPE_CHECKING:
    import pandera.pandas as pa

ID_COLUMNS = ("image_id", "lesion_id")
OUTSIDE_FOLDER = r"[/\\]|^\.\.?$"
FILE_ENDING = r"(?i)\.(?:jpe?g|png)$"
AUGMENTED_ID = r"(?i)_copy[0-9]+$"  # the ids of augmented images
MAX_SHOWN = 60  # characters of a field that a message shows
MAX_HEADER = 200  # characters of the header that a message shows


def check_table(frame: pd.DataFrame) -> list[Problem]:
    """List all problems within the table.

    A missing age, sex, localization or dx_type is no problem.

    Args:
        frame: The table as text, `ham10000.metadata.read_raw(path).frame`.
    """
    repeated = frame.columns[frame.columns.duplicated()].intersection([*COLUMNS, DATASET])
    if len(repeated):
        return [Problem("column twice in the table", name, outcome="fatal") for name in repeated.unique()]
    if missing := _missing_columns(list(frame.columns)):
        return missing
    if frame.empty:
        return []
    words, normalized = _words(frame), normalize(frame)
    return [
        *_invalid_ids(frame),
        *words,
        *_repeated_ids(normalized),
        *_ids_differing_in_case(frame),
        *_several_diagnoses(normalized),
    ]


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


def _invalid_ids(frame: pd.DataFrame) -> list[Problem]:
    """List invalid ids, all found by one validation with pandera."""
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
        detail = f"line {line}" if column == "image_id" else _quoted(value)
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

    columns = {name: id_column(name) for name in ID_COLUMNS}
    columns["image_id"].checks.append(
        pa.Check(lambda ids: ~ids.str.contains(AUGMENTED_ID), error="image_id with the ending of an augmented image")
    )
    return pa.DataFrameSchema(columns)


def _words(frame: pd.DataFrame) -> list[Problem]:
    """List unknown words and ages, and those that are read as words of HAM10000."""
    problems = []
    for column in read_columns(frame):
        for text in map(str, frame[column].unique()):
            rows = frame[frame[column] == text]
            value, valid = read(column, text)
            number = f"{len(rows):,} row{'s' if len(rows) > 1 else ''}"
            if column == "dx" and value == UNKNOWN:
                problems += _without_diagnosis(text, valid, number, rows)
            elif not valid:
                kind = f"age other than a number from 0 to {MAX_AGE}" if column == "age" else f"unknown {column}"
                problems.append(
                    Problem(kind, _quoted(text), number + _question(column, text), _image_ids(rows), "unknown")
                )
            elif text not in ("", value):
                name = f"{_quoted(text)} read as {value or UNKNOWN}"
                problems.append(Problem(f"{column} in another form", name, number, outcome="kept"))
    return problems


def _without_diagnosis(text: str, missing: bool, number: str, rows: pd.DataFrame) -> list[Problem]:
    """List rows without a known dx: without a label an image cannot be used."""
    if missing:
        names = {line: fields["image_id"] or f"line {line}" for line, fields in rows.to_dict("index").items()}
        return [
            Problem("missing dx", name, text and _quoted(text), _image_ids(rows.loc[[line]]))
            for line, name in names.items()
        ]
    kind = f"dx other than {', '.join(DIAGNOSES)}"
    return [Problem(kind, _quoted(text), number + _question("dx", text), _image_ids(rows))]


def _quoted(text: str) -> str:
    return repr(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…")


def _question(column: str, text: str) -> str:
    word = nearest(column, text)
    return f"; is it {word}?" if word else ""


def _repeated_ids(frame: pd.DataFrame) -> list[Problem]:
    """List images with several rows; equal rows count once."""
    frame = frame.assign(age=frame["age"].replace("", "nan").astype(float))
    repeated = frame[frame["image_id"].duplicated(keep=False) & (frame["image_id"] != "")]
    problems = []
    names = [column for column in (*COLUMNS, DATASET) if column in frame]
    for name, rows in repeated.groupby("image_id"):
        lines = f"lines {', '.join(map(str, rows.index))}"
        differing = [column for column in names if len(rows[column].drop_duplicates()) > 1]
        if differing:
            detail = f"{lines}: {', '.join(differing)} differ{'' if len(differing) > 1 else 's'}"
            problems.append(Problem("image_id in several rows", str(name), detail, (str(name),)))
        else:
            problems.append(Problem("row repeated, used once", str(name), lines, (str(name),), "kept"))
    return problems


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
