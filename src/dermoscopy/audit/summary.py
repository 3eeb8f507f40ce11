"""Counts of the dataset (metrics/data.json) and the tables of its charts (plots/*.csv).

Every table has a column `protocol`: the protocol of the splits, with a warning if it leaks.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dermoscopy.core.sources import sources
from dermoscopy.core.splits import LABELS, SPLITS
from dermoscopy.core.tables import UNKNOWN, Table
from dermoscopy.ham10000.words import DIAGNOSES
from dermoscopy.split.split import HISTOLOGY

MANY = 4  # lesions with so many images or more are counted together; HAM10000 has 43 with four to six
DIGITS = 4


def describe(rows: pd.DataFrame, problems: pd.DataFrame, duplicates: pd.DataFrame) -> dict[str, Any]:
    """Count images and lesions of the dataset.

    An image that is in two splits, as under the protocol "paper", counts in both splits, and once
    in the whole dataset.

    Args:
        rows: Originals, columns of `SPLIT`.
        problems: Images that verification left out, or kept with a note; columns of `PROBLEMS`.
        duplicates: Pairs of equal images, or of one lesion with two names; columns of `DUPLICATES`.

    Returns:
        images and lesions (in all, of each label, split and diagnosis); prevalence, the
        proportion of malignant images and lesions; lesions by their number of
        images; images with missing age, sex or localization; by label, the age in
        years (median and quartiles), the sexes and the proportion that histology confirmed; images that
        were left out of the dataset, or kept with a note, by kind; pairs of duplicates by
        kind, and the number of groups of several lesions; if sources are known, their images, lesions and
        prevalence, the number of lesions of several sources, and the sources that a split lacks. An undefined
        number is None.
    """
    images = name_unknown(rows.drop_duplicates("image_id"))
    lesions = rows.drop_duplicates("lesion_id")
    by_label = {name: images[images["label"] == value] for value, name in enumerate(LABELS)}
    return {
        "images": _count_by_split(rows, "image_id"),
        "lesions": _count_by_split(rows, "lesion_id"),
        "prevalence": {"images": _prevalence(rows, "image_id"), "lesions": _prevalence(rows, "lesion_id")},
        "images_by_dx": {dx: int((images["dx"] == dx).sum()) for dx in DIAGNOSES},
        "lesions_by_dx": {dx: int((lesions["dx"] == dx).sum()) for dx in DIAGNOSES},
        "lesions_by_images": lesions_by_images(images),
        "missing": {
            "age": int(images["age"].isna().sum()),
            "sex": int((images["sex"] == UNKNOWN).sum()),
            "localization": int((images["localization"] == UNKNOWN).sum()),
        },
        "age": {name: _quartiles(of_label["age"]) for name, of_label in by_label.items()},
        "sex": {
            name: {sex: int((of_label["sex"] == sex).sum()) for sex in sorted(set(images["sex"]))}
            for name, of_label in by_label.items()
        },
        "histology": {name: _proportion(of_label["dx_type"] == HISTOLOGY) for name, of_label in by_label.items()},
        "left_out": _by_kind(problems, "left out"),
        "kept": _by_kind(problems, "kept"),
        "duplicates": {str(kind): len(pairs) for kind, pairs in duplicates.groupby("kind")},
        "groups_of_several_lesions": int((lesions["group"].value_counts() > 1).sum()),
        **_by_source(rows),
    }


def _by_source(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the images, the lesions and the prevalence of each source; nothing if no sources are known."""
    source = sources(rows)
    if source is None:
        return {}
    groups = {str(name): of_source for name, of_source in rows.groupby(source)}
    several = rows.assign(source=source).groupby("lesion_id")["source"].nunique()
    return {
        "sources": {
            name: {
                "images": _count_by_split(of_source, "image_id"),
                "lesions": int(of_source["lesion_id"].nunique()),
                "prevalence": _proportion(of_source.drop_duplicates("image_id")["label"]),
            }
            for name, of_source in groups.items()
        },
        "lesions_of_several_sources": int((several > 1).sum()),
        "sources_missing_in_a_split": sorted(
            name for name, of_source in groups.items() if set(of_source["split"]) != set(rows["split"])
        ),
    }


def lesions_by_images(rows: pd.DataFrame) -> dict[str, int]:
    """Return the numbers of lesions with one, two, three, and four or more images.

    Args:
        rows: One row per image; column `lesion_id`.

    Returns:
        "1", "2", "3" and "4 or more" to the number of lesions.
    """
    numbers = rows.groupby("lesion_id").size().clip(upper=MANY)
    names = {number: str(number) for number in range(1, MANY)} | {MANY: f"{MANY} or more"}
    return {name: int((numbers == number).sum()) for number, name in names.items()}


def name_unknown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with "unknown" for every missing sex and localization."""
    return rows.replace({"sex": {"": UNKNOWN}, "localization": {"": UNKNOWN}})


def _count_by_split(rows: pd.DataFrame, key: str) -> dict[str, Any]:
    counts = rows.drop_duplicates(["split", key]).groupby(["split", "label"]).size()
    by_split = {
        split: {name: int(counts.get((split, value), 0)) for value, name in enumerate(LABELS)} for split in SPLITS
    }
    return _count_in_all(rows, key) | by_split


def _count_in_all(rows: pd.DataFrame, key: str) -> dict[str, Any]:
    labels = rows.drop_duplicates(key)["label"]
    return {"all": len(labels), **{name: int((labels == value).sum()) for value, name in enumerate(LABELS)}}


def _prevalence(rows: pd.DataFrame, key: str) -> dict[str, float | None]:
    splits = rows.drop_duplicates(["split", key])
    by_split = {split: _proportion(splits.loc[splits["split"] == split, "label"]) for split in SPLITS}
    return {"all": _proportion(rows.drop_duplicates(key)["label"]), **by_split}


def _quartiles(age: "pd.Series[float]") -> dict[str, float | None]:
    names = {"first_quartile": 0.25, "median": 0.5, "third_quartile": 0.75}
    return {name: float(age.quantile(fraction)) if age.notna().any() else None for name, fraction in names.items()}


def _proportion(values: "pd.Series[Any]") -> float | None:
    return round(float(values.mean()), DIGITS) if len(values) else None


def _by_kind(problems: pd.DataFrame, outcome: str) -> dict[str, int]:
    selected = problems[problems["outcome"] == outcome]
    # Several problems of a kind may concern one image; some, such as a stray file, concern none.
    names = selected["image_id"].where(selected["image_id"] != "", selected["name"])
    return {str(kind): int(number) for kind, number in names.groupby(selected["kind"]).nunique().items()}


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
