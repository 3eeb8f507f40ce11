"""The rows behind the charts of the data report."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from dermoscopy.dataset.summary import UNKNOWN, per_lesion, unknown_named
from dermoscopy.tables.data_charts import BY_LABEL, BY_PART
from dermoscopy.tables.parts import LABELS, PARTS
from dermoscopy.tables.table import Table

DECADE = 10  # years of age that share a bar
DIGITS = 4


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
