"""What the page says, worked out from what other stages left.

What the page says of the data.
"""

from typing import Any

import pandas as pd

from dermoscopy.audit.contact_sheets import DUPLICATES
from dermoscopy.core.metrics import BENIGN, MALIGNANT, Confusion, confusion
from dermoscopy.core.splits import LABELS, SHARED_LESIONS, SPLITS
from dermoscopy.ham10000.metadata import DIAGNOSES
from dermoscopy.report import formatting as names
from dermoscopy.report.charts import age_chart
from dermoscopy.report.formatting import classifier, css, data_uri, diagnosis, ratio
from dermoscopy.report.inputs import Sources
from dermoscopy.split.params import Split
from dermoscopy.stats.metrics import METRICS

Bounded = tuple[float | None, float | None, float | None]


def all_metrics(scores: pd.DataFrame, unit: str, point: str) -> list[tuple[str, str, list[Bounded]]]:
    """Return every metric of the ensemble, its members and the baselines, in that order.

    Args:
        scores: Rows of `tables.evaluation.SCORES`.
        unit: "image" or "lesion".
        point: The operating point; who has none but "half" is shown at that.

    Returns:
        For each: its name, its class, and (value, low, high) in the order of `stats.metrics.METRICS`, of Nones
        where a metric was not computed.
    """
    found = []
    for kind in ("ensemble", "member", "baseline"):
        for name, rows in scores[(scores["kind"] == kind) & (scores["unit"] == unit)].groupby("name"):
            own = point if point in set(rows["point"]) else "half"
            shown = rows[rows["point"].isin(["", own])].to_dict("records")
            of = {row["metric"]: (row["value"], row["low"], row["high"]) for row in shown}
            values: list[Bounded] = [of.get(metric, (None, None, None)) for metric in METRICS]
            found.append((classifier(str(name)), css(str(name)), values))
    return sorted(found, key=lambda one: one[1] != css("ensemble"))


def counted(predictions: pd.DataFrame, threshold: float) -> Confusion:
    """Return the confusion matrix of images.

    Args:
        predictions: The ensemble's, of the test split.
        threshold: Probability from which it calls a image malignant.
    """
    return confusion(predictions["label"].to_numpy(), (predictions["probability"] >= threshold).to_numpy())


def by_diagnosis(predictions: pd.DataFrame, threshold: float) -> list[dict[str, Any]]:
    """Return how often each diagnosis was called malignant, the malignant diagnoses first.

    Args:
        predictions: The ensemble's, of the test split.
        threshold: Probability from which it calls a image malignant.
    """
    called = predictions.assign(called=predictions["probability"] >= threshold)
    by = called.groupby(["label", "dx"], as_index=False).agg(images=("called", "size"), called=("called", "sum"))
    ordered = by.sort_values(["label", "images", "dx"], ascending=[False, False, True])
    return [
        {
            "dx": row["dx"],
            "name": diagnosis(row["dx"]),
            "label": LABELS[row["label"]],
            "images": row["images"],
            "called": row["called"],
            "share": ratio(row["called"], row["images"]),
        }
        for row in ordered.to_dict("records")
    ]


def splits_by_diagnosis(splits: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the images and lesions of each diagnosis in each split, the malignant diagnoses first.

    Args:
        splits: Columns of `audit.summary.DIAGNOSIS_COUNTS`.
    """
    rows = []
    for label in reversed(LABELS):
        for dx in DIAGNOSES:
            of = splits[(splits["label"] == label) & (splits["dx"] == dx)].set_index("split")[["images", "lesions"]]
            if len(of):
                counts = of.reindex(list(SPLITS), fill_value=0)
                pairs = list(zip(counts["images"].tolist(), counts["lesions"].tolist(), strict=True))
                rows.append({"dx": dx, "name": diagnosis(dx), "label": label, "splits": pairs})
    return rows


def sum_splits(splits: list[dict[str, Any]], label: str | None = None) -> list[tuple[int, int]]:
    """Return the images and lesions of each split, of one label or of both.

    Args:
        splits: From `splits_by_diagnosis`.
        label: "benign" or "malignant".
    """
    of = [row["splits"] for row in splits if label in (None, row["label"])]
    return [(sum(row[split][0] for row in of), sum(row[split][1] for row in of)) for split in range(len(SPLITS))]


def headline_counts(counts: Confusion) -> dict[str, float | None]:
    """Return a confusion matrix with its sums, and what calling everything benign would give.

    Args:
        counts: From `counted`.
    """
    malignant, benign = (counts.fraction(cells)[1] for cells in (MALIGNANT, BENIGN))
    return {
        **vars(counts),
        "malignant": malignant,
        "benign": benign,
        "called": counts.tp + counts.fp,
        "prevalence": ratio(malignant, counts.total),
        "all_benign": ratio(benign, counts.total),
        "found": ratio(counts.tp, malignant),
        "alarms": ratio(counts.fp, benign),
    }


def about_data(sources: Sources, settings: Split, suffix: str, width: int) -> dict[str, Any]:
    """Return what the templates tell of the data, by the names they use.

    Args:
        sources: What other stages left.
        settings: Whether test holds confirmed lesions only.
        suffix: Of every title.
        width: Of a contact sheet, in pixels at most.
    """
    protocol = sources.protocol.split()[0]
    splits = splits_by_diagnosis(sources.splits)
    audited = sources.audit.get("splits", {})
    return {
        "data": sources.data,
        "protocol": protocol,
        "image": "image",
        "known": sources.audit.get(SHARED_LESIONS),
        "histology_only": settings.test_histo_only,
        "splits": splits,
        "totals": {label: sum_splits(splits, label) for label in (*LABELS, None)},
        "augmented": {split: counts.get("augmented") for split, counts in audited.items()},
        "ages": age_chart(sources.by_label, f"Age by label{suffix}"),
        "sites": _sites(sources.by_label),
        "duplicates_sheet": data_uri(sources.sheets / f"{DUPLICATES}.png", 2 * width),
        "sheets": [
            (names.diagnosis(path.stem), path.stem, data_uri(path, width))
            for path in sorted(sources.sheets.glob("*.png"))
            if path.stem != DUPLICATES
        ],
    }


def _sites(by_label: pd.DataFrame) -> list[tuple[str, dict[str, float]]]:
    """Return each localization with its proportion of each label's images, the commonest first."""
    rows = by_label[by_label["localization"] != ""]
    proportions = rows.set_index(["localization", "label"])["proportion"]
    sites = rows.groupby("localization")["proportion"].sum().sort_values(ascending=False, kind="stable").index
    return [(str(site), {label: float(proportions.get((site, label), 0.0)) for label in LABELS}) for site in sites]
