"""Tables of the charts of the dataset (plots/diagnoses.csv, by_split.csv, by_label.csv).

Every table has a column `protocol`: the protocol of the splits, with a warning if it leaks.
"""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from dermoscopy.audit.summary import DIGITS, lesions_by_images, name_unknown
from dermoscopy.core.splits import LABELS, SPLITS
from dermoscopy.core.tables import UNKNOWN, Table

# plots/diagnoses.csv: the images and lesions of each diagnosis, without augmented images.
DIAGNOSIS_COUNTS = Table(
    columns={"split": "str", "label": "str", "dx": "str", "protocol": "str", "images": "int64", "lesions": "int64"},
    order=("split", "label", "dx"),
    committed=True,
)

# plots/by_split.csv and by_label.csv: one row per bar. Each chart has its own column, which names the
# chart's bars and is empty in the rows of other charts.
BY_SPLIT = Table(
    columns={
        "split": "str",
        "protocol": "str",
        "prevalence": "str",  # "of images", "of lesions": proportion of malignant ones
        "images": "str",  # number of images, "1" to "4 or more": proportion of lesions
        "missing": "str",  # "age", "sex", "localization": proportion of images
        "proportion": "float64",  # from 0 to 1
    },
    order=("prevalence", "images", "missing", "split"),
    committed=True,
)

BY_LABEL = Table(
    columns={
        "label": "str",
        "protocol": "str",
        "age": "str",  # decade, "40-49", or "unknown"
        "sex": "str",  # or "unknown"
        "localization": "str",  # or "unknown"
        "proportion": "float64",  # of the label's images, from 0 to 1
    },
    order=("age", "sex", "localization", "label"),
    committed=True,
)

DECADE = 10  # years of age in one bar


class Bar(NamedTuple):
    """A bar of a chart.

    Attributes:
        series: Split or label of the bar.
        chart: Column of the chart.
        name: Name of the bar.
        proportion: Height of the bar, from 0 to 1.
    """

    series: str
    chart: str
    name: str
    proportion: float


def count_diagnoses(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Count the images and lesions of each split, label and diagnosis; columns of `DIAGNOSIS_COUNTS`.

    Args:
        rows: Originals, columns of `SPLIT`.
        protocol: Protocol as titles show it.
    """
    named = rows.assign(label=rows["label"].map(dict(enumerate(LABELS))), protocol=protocol)
    groups = named.groupby(["split", "label", "dx", "protocol"], as_index=False)
    return groups.agg(images=("image_id", "size"), lesions=("lesion_id", "nunique"))


def compare_splits(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return prevalence, images per lesion and missing values of each split, as proportions; columns of `BY_SPLIT`.

    The splits should agree in them.

    Args:
        rows: Originals, columns of `SPLIT`.
        protocol: Protocol as titles show it.
    """
    named = name_unknown(rows)
    splits = {split: named[named["split"] == split] for split in SPLITS}
    bars = [bar for split, of_split in splits.items() if len(of_split) for bar in _bars_of_split(split, of_split)]
    return _table_of_bars(bars, "split", protocol, BY_SPLIT)


def compare_labels(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return ages, sexes and localizations of each label, as proportions of its images; columns of `BY_LABEL`.

    Args:
        rows: Originals, columns of `SPLIT`.
        protocol: Protocol as titles show it.
    """
    images = name_unknown(rows.drop_duplicates("image_id"))
    known = images["age"].dropna() // DECADE * DECADE
    decades = [_decade(age) for age in np.arange(known.min(), known.max() + DECADE, DECADE)] if len(known) else []
    named = images.assign(age=images["age"].map(_decade))
    # Every decade from the youngest to the oldest has a bar, also an empty one: a histogram has no gaps.
    names = {"age": {*named["age"], *decades}, "sex": {*named["sex"]}, "localization": {*named["localization"]}}
    labels = {name: named[named["label"] == value] for value, name in enumerate(LABELS)}
    bars = [
        Bar(label, chart, name, float((of_label[chart] == name).mean()))
        for label, of_label in labels.items()
        if len(of_label)
        for chart in names
        for name in sorted(names[chart])
    ]
    return _table_of_bars(bars, "label", protocol, BY_LABEL)


def _bars_of_split(split: str, rows: pd.DataFrame) -> Iterator[Bar]:
    lesions = rows.drop_duplicates("lesion_id")
    yield Bar(split, "prevalence", "of images", float(rows["label"].mean()))
    yield Bar(split, "prevalence", "of lesions", float(lesions["label"].mean()))
    for name, number in lesions_by_images(rows).items():
        yield Bar(split, "images", name, number / len(lesions))
    yield Bar(split, "missing", "age", float(rows["age"].isna().mean()))
    yield Bar(split, "missing", "sex", float((rows["sex"] == UNKNOWN).mean()))
    yield Bar(split, "missing", "localization", float((rows["localization"] == UNKNOWN).mean()))


def _decade(age: float) -> str:
    if math.isnan(age):
        return UNKNOWN
    first = int(age // DECADE * DECADE)
    return f"{first}-{first + DECADE - 1}"


def _table_of_bars(bars: Iterable[Bar], series: str, protocol: str, table: Table) -> pd.DataFrame:
    rows = [
        {series: bar.series, "protocol": protocol, bar.chart: bar.name, "proportion": round(bar.proportion, DIGITS)}
        for bar in bars
    ]
    return pd.DataFrame(rows, columns=list(table.columns)).fillna("")
