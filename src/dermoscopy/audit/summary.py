"""What the splits consist of, in numbers.

The rows behind the charts of the data report.

plots/*.csv of the data report: the rows behind each chart.

As in the other charts' tables, `protocol` is how the splits were drawn, with a warning where they
share lesions.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dermoscopy.core.splits import LABELS, SPLITS
from dermoscopy.core.tables import Table
from dermoscopy.ham10000.metadata import DIAGNOSES
from dermoscopy.split.split import HISTOLOGY

UNKNOWN = "unknown"  # HAM10000's own word for a missing sex or localization; an empty field means the same
MANY = 4  # images of one lesion; the published dataset has 43 lesions of four to six
DIGITS = 4


def describe(rows: pd.DataFrame, problems: pd.DataFrame, duplicates: pd.DataFrame) -> dict[str, Any]:
    """Return the data report's numbers.

    A image that stands in two splits, as under the protocol "paper", counts in both, and once
    in all.

    Args:
        rows: Originals, columns of `SPLIT`.
        problems: What verification went on with, columns of `PROBLEMS`.
        duplicates: Pairs of images that are one, or of one lesion, columns of `DUPLICATES`.

    Returns:
        images and lesions (in all, of each label, split and diagnosis); prevalence, the
        share of images and of lesions that is malignant; lesions by their number of
        images; images whose age, sex or localization is missing; by label, the age in
        years (median and quartiles), the sexes and the share that histology confirmed; what was
        left out of the dataset and what was kept though noted, by kind; pairs of duplicates by
        kind, and how many groups of several lesions they make. A number that is undefined is None.
    """
    images = unknown_named(rows.drop_duplicates("image_id"))
    lesions = rows.drop_duplicates("lesion_id")
    by_label = {name: images[images["label"] == value] for value, name in enumerate(LABELS)}
    return {
        "images": _numbers(rows, "image_id"),
        "lesions": _numbers(rows, "lesion_id"),
        "prevalence": {"images": _prevalence(rows, "image_id"), "lesions": _prevalence(rows, "lesion_id")},
        "images_by_dx": {dx: int((images["dx"] == dx).sum()) for dx in DIAGNOSES},
        "lesions_by_dx": {dx: int((lesions["dx"] == dx).sum()) for dx in DIAGNOSES},
        "lesions_by_images": per_lesion(images),
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
        "histology": {name: _share(of_label["dx_type"] == HISTOLOGY) for name, of_label in by_label.items()},
        "left_out": _by_kind(problems, "left out"),
        "kept": _by_kind(problems, "kept"),
        "duplicates": {str(kind): len(pairs) for kind, pairs in duplicates.groupby("kind")},
        "groups_of_several_lesions": int((lesions["group"].value_counts() > 1).sum()),
    }


def per_lesion(rows: pd.DataFrame) -> dict[str, int]:
    """Return how many lesions have one, two, three or more of these images.

    Args:
        rows: A row a image, with its `lesion_id`.

    Returns:
        "1", "2", "3" and "4 or more" to a number of lesions.
    """
    numbers = rows.groupby("lesion_id").size().clip(upper=MANY)
    names = {number: str(number) for number in range(1, MANY)} | {MANY: f"{MANY} or more"}
    return {name: int((numbers == number).sum()) for number, name in names.items()}


def unknown_named(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose missing sex and localization are "unknown", however the dataset says it."""
    return rows.replace({"sex": {"": UNKNOWN}, "localization": {"": UNKNOWN}})


def _numbers(rows: pd.DataFrame, of: str) -> dict[str, Any]:
    counts = rows.drop_duplicates(["split", of]).groupby(["split", "label"]).size()
    by_split = {
        split: {name: int(counts.get((split, value), 0)) for value, name in enumerate(LABELS)} for split in SPLITS
    }
    return _in_all(rows, of) | by_split


def _in_all(rows: pd.DataFrame, of: str) -> dict[str, Any]:
    labels = rows.drop_duplicates(of)["label"]
    return {"all": len(labels), **{name: int((labels == value).sum()) for value, name in enumerate(LABELS)}}


def _prevalence(rows: pd.DataFrame, of: str) -> dict[str, float | None]:
    splits = rows.drop_duplicates(["split", of])
    by_split = {split: _share(splits.loc[splits["split"] == split, "label"]) for split in SPLITS}
    return {"all": _share(rows.drop_duplicates(of)["label"]), **by_split}


def _quartiles(age: "pd.Series[float]") -> dict[str, float | None]:
    names = {"first_quartile": 0.25, "median": 0.5, "third_quartile": 0.75}
    return {name: float(age.quantile(share)) if age.notna().any() else None for name, share in names.items()}


def _share(values: "pd.Series[Any]") -> float | None:
    return round(float(values.mean()), DIGITS) if len(values) else None


def _by_kind(problems: pd.DataFrame, outcome: str) -> dict[str, int]:
    of = problems[problems["outcome"] == outcome]
    # Several problems of a kind may concern one image; some, such as a stray file, concern none.
    what = of["image_id"].where(of["image_id"] != "", of["name"])
    return {str(kind): int(number) for kind, number in what.groupby(of["kind"]).nunique().items()}


# plots/splits.csv: the images and lesions of each diagnosis, without copies.
COUNTS = Table(
    columns={"split": "str", "label": "str", "dx": "str", "protocol": "str", "images": "int64", "lesions": "int64"},
    order=("split", "label", "dx"),
)

# plots/by_split.csv and by_label.csv: a row a bar. Each chart has a column of its own, which names its
# bars and is empty in the rows of the others.
BY_SPLIT = Table(
    columns={
        "split": "str",
        "protocol": "str",
        "prevalence": "str",  # "of images", "of lesions": the share that is malignant
        "images": "str",  # of a lesion, "1" to "4 or more": the share of lesions
        "missing": "str",  # "age", "sex", "localization": the share of images
        "share": "float64",  # from 0 to 1
    },
    order=("prevalence", "images", "missing", "split"),
)

BY_LABEL = Table(
    columns={
        "label": "str",
        "protocol": "str",
        "age": "str",  # ten years, "40-49", or "unknown"
        "sex": "str",  # or "unknown"
        "localization": "str",  # or "unknown"
        "share": "float64",  # of the label's images, from 0 to 1
    },
    order=("age", "sex", "localization", "label"),
)

DECADE = 10  # years of age that share a bar


class Bar(NamedTuple):
    """A bar: the split or label it belongs to, its chart's column, what stands below it, its height."""

    of: str
    chart: str
    name: str
    share: float


def count(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the images and lesions of each split, label and diagnosis; columns of `COUNTS`.

    Args:
        rows: Originals, columns of `SPLIT`.
        protocol: As titles show it.
    """
    named = rows.assign(label=rows["label"].map(dict(enumerate(LABELS))), protocol=protocol)
    by = named.groupby(["split", "label", "dx", "protocol"], as_index=False)
    return by.agg(images=("image_id", "size"), lesions=("lesion_id", "nunique"))


def compare_splits(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return what should be alike in the splits, as shares, since they differ in size; columns of `BY_SPLIT`.

    Args:
        rows: Originals, columns of `SPLIT`.
        protocol: As titles show it.
    """
    named = unknown_named(rows)
    splits = {split: named[named["split"] == split] for split in SPLITS}
    bars = [bar for split, of_part in splits.items() if len(of_part) for bar in _of_split(split, of_part)]
    return _tabulate(bars, "split", protocol, BY_SPLIT)


def compare_labels(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return ages, sexes and sites of each label, as shares, since labels differ in size; columns of `BY_LABEL`.

    Args:
        rows: Originals, columns of `SPLIT`.
        protocol: As titles show it.
    """
    images = unknown_named(rows.drop_duplicates("image_id"))
    known = images["age"].dropna() // DECADE * DECADE
    decades = [_decade(age) for age in np.arange(known.min(), known.max() + DECADE, DECADE)] if len(known) else []
    named = images.assign(age=images["age"].map(_decade))
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


def _of_split(split: str, rows: pd.DataFrame) -> Iterator[Bar]:
    lesions = rows.drop_duplicates("lesion_id")
    yield Bar(split, "prevalence", "of images", float(rows["label"].mean()))
    yield Bar(split, "prevalence", "of lesions", float(lesions["label"].mean()))
    for name, number in per_lesion(rows).items():
        yield Bar(split, "images", name, number / len(lesions))
    yield Bar(split, "missing", "age", float(rows["age"].isna().mean()))
    yield Bar(split, "missing", "sex", float((rows["sex"] == UNKNOWN).mean()))
    yield Bar(split, "missing", "localization", float((rows["localization"] == UNKNOWN).mean()))


def _decade(age: float) -> str:
    if math.isnan(age):
        return UNKNOWN
    first = int(age // DECADE * DECADE)
    return f"{first}-{first + DECADE - 1}"


def _tabulate(bars: Iterable[Bar], of: str, protocol: str, table: Table) -> pd.DataFrame:
    rows = [{of: bar.of, "protocol": protocol, bar.chart: bar.name, "share": round(bar.share, DIGITS)} for bar in bars]
    return pd.DataFrame(rows, columns=list(table.columns)).fillna("")
