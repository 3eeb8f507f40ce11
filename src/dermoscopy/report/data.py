"""Counts and metrics that the page shows: the dataset, the confusion matrix and all classifiers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dermoscopy.audit.contact_sheets import DUPLICATES
from dermoscopy.core.members import member_names
from dermoscopy.core.metrics import BENIGN, MALIGNANT, Confusion, confusion
from dermoscopy.core.protocol import SHARED_LESIONS
from dermoscopy.core.splits import LABELS, SPLITS
from dermoscopy.ham10000.words import DIAGNOSES
from dermoscopy.report import formatting as names
from dermoscopy.report.charts import age_chart
from dermoscopy.report.colours import css
from dermoscopy.report.formatting import classifier, data_uri, diagnosis, ratio
from dermoscopy.report.inputs import Sources
from dermoscopy.split.params import Split
from dermoscopy.stats.headline import ensemble_metrics
from dermoscopy.stats.metrics import METRICS, Metric

Bounded = tuple[float | None, float | None, float | None]
Share = tuple[int | None, float]  # number of images and their proportion


def all_metrics(scores: pd.DataFrame, unit: str, point: str) -> list[tuple[str, str, list[Bounded]]]:
    """Return all metrics of the ensemble, its members and the baselines, in that order.

    Args:
        scores: Rows of `evaluate.tables.SCORES`.
        unit: "image" or "lesion".
        point: Operating point; classifiers without it are shown at "half".

    Returns:
        For each classifier its display name, its CSS class, and (value, low, high) of each of the `computed_metrics`;
        all None if it was not computed for the classifier.
    """
    classifiers = []
    for kind in ("ensemble", "member", "baseline"):
        for name, rows in scores[(scores["kind"] == kind) & (scores["unit"] == unit)].groupby("name"):
            own = point if point in set(rows["point"]) else "half"
            shown = rows[rows["point"].isin(["", own])].to_dict("records")
            by_metric = {row["metric"]: (row["value"], row["low"], row["high"]) for row in shown}
            values: list[Bounded] = [by_metric.get(metric, (None, None, None)) for metric in computed_metrics(scores)]
            classifiers.append((classifier(str(name)), css(str(name)), values))
    return sorted(classifiers, key=lambda row: row[1] != css("ensemble"))


def computed_metrics(scores: pd.DataFrame) -> dict[str, Metric]:
    """Return the metrics that were computed, by name: without sources there is none within source.

    Args:
        scores: Rows of `evaluate.tables.SCORES`.
    """
    computed = set(scores["metric"])
    return {name: metric for name, metric in METRICS.items() if name in computed}


def headline(sources: Sources, point: str) -> dict[str, Any]:
    """Return the numbers of test images and lesions, and each metric of the ensemble on them, by image.

    Args:
        sources: Outputs of the other stages.
        point: Operating point of the metrics that need a threshold.
    """
    return {
        "images": len(sources.predictions),
        "lesions": sources.predictions["lesion_id"].nunique(),
        **ensemble_metrics(sources.evaluation["scores"], point),
    }


def chosen_epochs(best_epoch: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the metrics of each member with the weights of its chosen epoch, in the order of params.yaml.

    Args:
        best_epoch: Rows of `ensemble.training.BEST_EPOCH`.

    Returns:
        Member to epoch, ROC AUC and accuracy on train and val, and gap, the ROC AUC on train minus that on val.
    """
    rows = {(row["name"], row["split"]): row for row in best_epoch.to_dict("records")}
    return {
        member: {
            "epoch": rows[member, "val"]["epoch"],
            "train_roc_auc": rows[member, "train"]["roc_auc"],
            "val_roc_auc": rows[member, "val"]["roc_auc"],
            "gap": rows[member, "train"]["roc_auc"] - rows[member, "val"]["roc_auc"],
            "train_accuracy": rows[member, "train"]["accuracy"],
            "val_accuracy": rows[member, "val"]["accuracy"],
        }
        for member in member_names()
    }


def confusion_matrix(predictions: pd.DataFrame, threshold: float) -> Confusion:
    """Return the confusion matrix by image.

    Args:
        predictions: Predictions of the ensemble on the test split.
        threshold: Lowest probability that is predicted malignant.
    """
    return confusion(predictions["label"].to_numpy(), (predictions["probability"] >= threshold).to_numpy())


def by_diagnosis(predictions: pd.DataFrame, threshold: float) -> list[dict[str, Any]]:
    """Return the number of images predicted malignant for each diagnosis, the malignant diagnoses first.

    Args:
        predictions: Predictions of the ensemble on the test split.
        threshold: Lowest probability that is predicted malignant.
    """
    predicted = predictions.assign(positive=predictions["probability"] >= threshold)
    counts = predicted.groupby(["label", "dx"], as_index=False).agg(
        images=("positive", "size"), positive=("positive", "sum")
    )
    ordered = counts.sort_values(["label", "images", "dx"], ascending=[False, False, True])
    return [
        {
            "dx": row["dx"],
            "name": diagnosis(row["dx"]),
            "label": LABELS[row["label"]],
            "images": row["images"],
            "predicted_malignant": row["positive"],
            "proportion": ratio(row["positive"], row["images"]),
        }
        for row in ordered.to_dict("records")
    ]


def splits_by_diagnosis(diagnoses: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the images and lesions of each diagnosis in each split, the malignant diagnoses first.

    Args:
        diagnoses: Rows of `audit.charts.DIAGNOSIS_COUNTS`.
    """
    rows = []
    for label in reversed(LABELS):
        for dx in DIAGNOSES:
            own = diagnoses[(diagnoses["label"] == label) & (diagnoses["dx"] == dx)]
            if len(own):
                counts = own.set_index("split")[["images", "lesions"]].reindex(list(SPLITS), fill_value=0)
                pairs = list(zip(counts["images"].tolist(), counts["lesions"].tolist(), strict=True))
                rows.append({"dx": dx, "name": diagnosis(dx), "label": label, "splits": pairs})
    return rows


def sum_splits(splits: list[dict[str, Any]], label: str | None = None) -> list[tuple[int, int]]:
    """Return the images and lesions of each split, for one label or both.

    Args:
        splits: Rows of `splits_by_diagnosis`.
        label: "benign" or "malignant"; None for both.
    """
    pairs = [row["splits"] for row in splits if label in (None, row["label"])]
    return [(sum(row[split][0] for row in pairs), sum(row[split][1] for row in pairs)) for split in range(len(SPLITS))]


def headline_counts(counts: Confusion) -> dict[str, float | None]:
    """Return the cells, sums and rates of a confusion matrix, and the accuracy of always predicting benign.

    Args:
        counts: Confusion matrix by image.
    """
    malignant, benign = (counts.fraction(cells)[1] for cells in (MALIGNANT, BENIGN))
    return {
        **vars(counts),
        "malignant": malignant,
        "benign": benign,
        "predicted_malignant": counts.tp + counts.fp,
        "prevalence": ratio(malignant, counts.total),
        "all_benign": ratio(benign, counts.total),
        "sensitivity": ratio(counts.tp, malignant),
        "false_positive_rate": ratio(counts.fp, benign),
    }


def about_data(sources: Sources, settings: Split, suffix: str, width: int) -> dict[str, Any]:
    """Return the values that the templates show about the data.

    Args:
        sources: Outputs of the other stages.
        settings: Parameters of the split; the page says whether test contains only lesions confirmed by histology.
        suffix: Suffix of all titles, with the warning of a leaky protocol.
        width: Largest width of a contact sheet, in pixels.
    """
    splits = splits_by_diagnosis(sources.diagnoses)
    audited = sources.audit.get("splits", {})
    images = sources.data["images"]
    return {
        "data": sources.data,
        "protocol": sources.protocol,
        "shared_lesions": sources.audit.get(SHARED_LESIONS),
        "histology_only": settings.test_histo_only,
        "held_out": settings.held_out,
        "splits": splits,
        "totals": {label: sum_splits(splits, label) for label in (*LABELS, None)},
        "augmented": {split: counts.get("augmented") for split, counts in audited.items()},
        "ages": age_chart(sources.by_label, f"Age by label{suffix}"),
        "decades": sorted(_counts(sources.by_label, "age", images), key=lambda row: _first_year(row[0])),
        "sites": sorted(_counts(sources.by_label, "localization", images), key=_most_common),
        "duplicates_sheet": data_uri(sources.sheets / f"{DUPLICATES}.png", 2 * width),
        "sheets": [
            (names.diagnosis(path.stem), path.stem, data_uri(path, width))
            for path in sorted(sources.sheets.glob("*.png"))
            if path.stem != DUPLICATES
        ],
    }


EXACT = 10_000  # up to this number of images, a proportion with four decimals determines the count


def _counts(by_label: pd.DataFrame, column: str, images: Mapping[str, int]) -> list[tuple[str, dict[str, Share]]]:
    """Return the images of each label at each value of a column, in the order of the table.

    Args:
        by_label: Rows of `audit.charts.BY_LABEL`.
        column: "age" or "localization".
        images: Number of images of each label.

    Returns:
        The values, each with the count and the proportion of each label's images. The count is None if the label has
        more images than `EXACT`.
    """
    rows = by_label[by_label[column] != ""]
    proportions = rows.set_index([column, "label"])["proportion"]

    def share(value: str, label: str) -> Share:
        proportion = float(proportions.get((value, label), 0.0))
        return round(proportion * images[label]) if images[label] <= EXACT else None, proportion

    return [(str(value), {label: share(value, label) for label in LABELS}) for value in rows[column].unique()]


def _first_year(age: str) -> tuple[bool, int]:
    """Return a key that sorts ages by number, with "unknown" last."""
    first = age.split("-")[0]
    return (False, int(first)) if first.isdigit() else (True, 0)


def _most_common(row: tuple[str, dict[str, Share]]) -> float:
    return -sum(proportion for _, proportion in row[1].values())
