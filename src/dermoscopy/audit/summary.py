"""Counts of the dataset (metrics/data.json)."""

from typing import Any

import pandas as pd

from dermoscopy.core.sources import sources
from dermoscopy.core.splits import LABELS, SPLITS
from dermoscopy.core.tables import UNKNOWN
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
