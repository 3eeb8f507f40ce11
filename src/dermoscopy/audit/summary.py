"""What the parts consist of, in numbers.

The rows behind the charts of the data report.

plots/*.csv of the data report: the rows behind each chart.

As in the other charts' tables, `protocol` is how the parts were drawn, with a warning where they
share lesions.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dermoscopy.core.splits import LABELS, PARTS
from dermoscopy.core.tables import Table
from dermoscopy.ham10000.metadata import DIAGNOSES
from dermoscopy.split.split import HISTOLOGY

UNKNOWN = "unknown"  # HAM10000's own word for a missing sex or localization; an empty field means the same
MANY = 4  # photographs of one lesion; the published archive has 43 lesions of four to six
DIGITS = 4


def describe(rows: pd.DataFrame, problems: pd.DataFrame, duplicates: pd.DataFrame) -> dict[str, Any]:
    """Return the data report's numbers.

    A photograph that stands in two parts, as under the protocol "paper", counts in both, and once
    in all.

    Args:
        rows: Originals, columns of `PART`.
        problems: What verification went on with, columns of `PROBLEMS`.
        duplicates: Pairs of photographs that are one, or of one lesion, columns of `DUPLICATES`.

    Returns:
        images and lesions (in all, of each label, part and diagnosis); prevalence, the
        share of photographs and of lesions that is malignant; lesions by their number of
        photographs; photographs whose age, sex or localization is missing; by label, the age in
        years (median and quartiles), the sexes and the share that histology confirmed; what was
        left out of the archive and what was kept though noted, by kind; pairs of duplicates by
        kind, and how many groups of several lesions they make. A number that is undefined is None.
    """
    photographs = unknown_named(rows.drop_duplicates("image_id"))
    lesions = rows.drop_duplicates("lesion_id")
    by_label = {name: photographs[photographs["label"] == value] for value, name in enumerate(LABELS)}
    return {
        "images": _numbers(rows, "image_id"),
        "lesions": _numbers(rows, "lesion_id"),
        "prevalence": {"photographs": _prevalence(rows, "image_id"), "lesions": _prevalence(rows, "lesion_id")},
        "images_by_dx": {dx: int((photographs["dx"] == dx).sum()) for dx in DIAGNOSES},
        "lesions_by_dx": {dx: int((lesions["dx"] == dx).sum()) for dx in DIAGNOSES},
        "lesions_by_photographs": per_lesion(photographs),
        "missing": {
            "age": int(photographs["age"].isna().sum()),
            "sex": int((photographs["sex"] == UNKNOWN).sum()),
            "localization": int((photographs["localization"] == UNKNOWN).sum()),
        },
        "age": {name: _quartiles(of_label["age"]) for name, of_label in by_label.items()},
        "sex": {
            name: {sex: int((of_label["sex"] == sex).sum()) for sex in sorted(set(photographs["sex"]))}
            for name, of_label in by_label.items()
        },
        "histology": {name: _share(of_label["dx_type"] == HISTOLOGY) for name, of_label in by_label.items()},
        "left_out": _by_kind(problems, "left out"),
        "kept": _by_kind(problems, "kept"),
        "duplicates": {str(kind): len(pairs) for kind, pairs in duplicates.groupby("kind")},
        "groups_of_several_lesions": int((lesions["group"].value_counts() > 1).sum()),
    }


def per_lesion(rows: pd.DataFrame) -> dict[str, int]:
    """Return how many lesions have one, two, three or more of these photographs.

    Args:
        rows: A row a photograph, with its `lesion_id`.

    Returns:
        "1", "2", "3" and "4 or more" to a number of lesions.
    """
    numbers = rows.groupby("lesion_id").size().clip(upper=MANY)
    names = {number: str(number) for number in range(1, MANY)} | {MANY: f"{MANY} or more"}
    return {name: int((numbers == number).sum()) for number, name in names.items()}


def unknown_named(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose missing sex and localization are "unknown", however the archive says it."""
    return rows.replace({"sex": {"": UNKNOWN}, "localization": {"": UNKNOWN}})


def _numbers(rows: pd.DataFrame, of: str) -> dict[str, Any]:
    counts = rows.drop_duplicates(["part", of]).groupby(["part", "label"]).size()
    by_part = {part: {name: int(counts.get((part, value), 0)) for value, name in enumerate(LABELS)} for part in PARTS}
    return _in_all(rows, of) | by_part


def _in_all(rows: pd.DataFrame, of: str) -> dict[str, Any]:
    labels = rows.drop_duplicates(of)["label"]
    return {"all": len(labels), **{name: int((labels == value).sum()) for value, name in enumerate(LABELS)}}


def _prevalence(rows: pd.DataFrame, of: str) -> dict[str, float | None]:
    parts = rows.drop_duplicates(["part", of])
    by_part = {part: _share(parts.loc[parts["part"] == part, "label"]) for part in PARTS}
    return {"all": _share(rows.drop_duplicates(of)["label"]), **by_part}


def _quartiles(age: "pd.Series[float]") -> dict[str, float | None]:
    names = {"first_quartile": 0.25, "median": 0.5, "third_quartile": 0.75}
    return {name: float(age.quantile(share)) if age.notna().any() else None for name, share in names.items()}


def _share(values: "pd.Series[Any]") -> float | None:
    return round(float(values.mean()), DIGITS) if len(values) else None


def _by_kind(problems: pd.DataFrame, outcome: str) -> dict[str, int]:
    of = problems[problems["outcome"] == outcome]
    # Several problems of a kind may concern one photograph; some, such as a stray file, concern none.
    what = of["image_id"].where(of["image_id"] != "", of["name"])
    return {str(kind): int(number) for kind, number in what.groupby(of["kind"]).nunique().items()}


# plots/parts.csv: the photographs and lesions of each diagnosis, without copies.
COUNTS = Table(
    columns={"part": "str", "label": "str", "dx": "str", "protocol": "str", "images": "int64", "lesions": "int64"},
    order=("part", "label", "dx"),
)

# plots/by_part.csv and by_label.csv: a row a bar. Each chart has a column of its own, which names its
# bars and is empty in the rows of the others.
BY_PART = Table(
    columns={
        "part": "str",
        "protocol": "str",
        "prevalence": "str",  # "of photographs", "of lesions": the share that is malignant
        "photographs": "str",  # of a lesion, "1" to "4 or more": the share of lesions
        "missing": "str",  # "age", "sex", "localization": the share of photographs
        "share": "float64",  # from 0 to 1
    },
    order=("prevalence", "photographs", "missing", "part"),
)

BY_LABEL = Table(
    columns={
        "label": "str",
        "protocol": "str",
        "age": "str",  # ten years, "40-49", or "unknown"
        "sex": "str",  # or "unknown"
        "localization": "str",  # or "unknown"
        "share": "float64",  # of the label's photographs, from 0 to 1
    },
    order=("age", "sex", "localization", "label"),
)

DECADE = 10  # years of age that share a bar


class Bar(NamedTuple):
    """A bar: the part or label it belongs to, its chart's column, what stands below it, its height."""

    of: str
    chart: str
    name: str
    share: float


def count(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the photographs and lesions of each part, label and diagnosis; columns of `COUNTS`.

    Args:
        rows: Originals, columns of `PART`.
        protocol: As titles show it.
    """
    named = rows.assign(label=rows["label"].map(dict(enumerate(LABELS))), protocol=protocol)
    by = named.groupby(["part", "label", "dx", "protocol"], as_index=False)
    return by.agg(images=("image_id", "size"), lesions=("lesion_id", "nunique"))


def compare_parts(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return what should be alike in the parts, as shares, since they differ in size; columns of `BY_PART`.

    Args:
        rows: Originals, columns of `PART`.
        protocol: As titles show it.
    """
    named = unknown_named(rows)
    parts = {part: named[named["part"] == part] for part in PARTS}
    bars = [bar for part, of_part in parts.items() if len(of_part) for bar in _of_part(part, of_part)]
    return _tabulate(bars, "part", protocol, BY_PART)


def compare_labels(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return ages, sexes and sites of each label, as shares, since labels differ in size; columns of `BY_LABEL`.

    Args:
        rows: Originals, columns of `PART`.
        protocol: As titles show it.
    """
    photographs = unknown_named(rows.drop_duplicates("image_id"))
    known = photographs["age"].dropna() // DECADE * DECADE
    decades = [_decade(age) for age in np.arange(known.min(), known.max() + DECADE, DECADE)] if len(known) else []
    named = photographs.assign(age=photographs["age"].map(_decade))
    # A decade between the youngest and the oldest has its bar, however empty: a histogram has no holes.
    names = {"age": {*named["age"], *decades}, "sex": {*named["sex"]}, "localization": {*named["localization"]}}
    labels = {name: named[named["label"] == value] for value, name in enumerate(LABELS)}
    bars = [
        Bar(label, chart, name, float((of_label[chart] == name).mean()))
        for label, of_label in labels.items()
        if len(of_label)
        for chart in names
        for name in sorted(names[chart])
    ]
    return _tabulate(bars, "label", protocol, BY_LABEL)


def _of_part(part: str, rows: pd.DataFrame) -> Iterator[Bar]:
    lesions = rows.drop_duplicates("lesion_id")
    yield Bar(part, "prevalence", "of photographs", float(rows["label"].mean()))
    yield Bar(part, "prevalence", "of lesions", float(lesions["label"].mean()))
    for name, number in per_lesion(rows).items():
        yield Bar(part, "photographs", name, number / len(lesions))
    yield Bar(part, "missing", "age", float(rows["age"].isna().mean()))
    yield Bar(part, "missing", "sex", float((rows["sex"] == UNKNOWN).mean()))
    yield Bar(part, "missing", "localization", float((rows["localization"] == UNKNOWN).mean()))


def _decade(age: float) -> str:
    if math.isnan(age):
        return UNKNOWN
    first = int(age // DECADE * DECADE)
    return f"{first}-{first + DECADE - 1}"


def _tabulate(bars: Iterable[Bar], of: str, protocol: str, table: Table) -> pd.DataFrame:
    rows = [{of: bar.of, "protocol": protocol, bar.chart: bar.name, "share": round(bar.share, DIGITS)} for bar in bars]
    return pd.DataFrame(rows, columns=list(table.columns)).fillna("")
