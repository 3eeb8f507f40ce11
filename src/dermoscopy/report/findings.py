"""What the page says, worked out from what other stages left."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dermoscopy.evaluation.metrics import METRICS
from dermoscopy.params.policy import DIAGNOSES
from dermoscopy.report.names import classifier, css, diagnosis
from dermoscopy.report.numbers import ratio, total
from dermoscopy.tables.parts import LABELS, PARTS

Bounded = tuple[float | None, float | None, float | None]


def all_metrics(scores: pd.DataFrame) -> list[tuple[str, str, list[Bounded]]]:
    """Return every metric of the ensemble, its members and the baselines, in that order.

    Args:
        scores: Rows of `tables.evaluation.SCORES`.

    Returns:
        For each: its name, its class, and (value, low, high) in the order of `METRICS`, of Nones
        where a metric was not computed.
    """
    found = []
    for kind in ("ensemble", "member", "baseline"):
        for name, rows in scores[scores["kind"] == kind].groupby("name"):
            of = {row["metric"]: (row["value"], row["low"], row["high"]) for row in rows.to_dict("records")}
            values: list[Bounded] = [of.get(metric, (None, None, None)) for metric in METRICS]
            found.append((classifier(str(name)), css(str(name)), values))
    return sorted(found, key=lambda one: one[1] != css("ensemble"))


def by_diagnosis(predictions: pd.DataFrame, threshold: float) -> list[dict[str, Any]]:
    """Return how often each diagnosis was called malignant, the malignant diagnoses first.

    Args:
        predictions: The ensemble's, of the test part.
        threshold: Probability from which it calls a photograph malignant.
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


def parts_by_diagnosis(parts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the photographs and lesions of each diagnosis in each part, the malignant diagnoses first.

    Args:
        parts: Columns of `tables.data_charts.COUNTS`.
    """
    rows = []
    for label in reversed(LABELS):
        for dx in DIAGNOSES:
            of = parts[(parts["label"] == label) & (parts["dx"] == dx)].set_index("part")[["images", "lesions"]]
            if len(of):
                counts = of.reindex(list(PARTS), fill_value=0)
                pairs = list(zip(counts["images"].tolist(), counts["lesions"].tolist(), strict=True))
                rows.append({"dx": dx, "name": diagnosis(dx), "label": label, "parts": pairs})
    return rows


def sum_parts(parts: list[dict[str, Any]], label: str | None = None) -> list[tuple[int, int]]:
    """Return the photographs and lesions of each part, of one label or of both.

    Args:
        parts: From `parts_by_diagnosis`.
        label: "benign" or "malignant".
    """
    of = [row["parts"] for row in parts if label in (None, row["label"])]
    return [(sum(row[part][0] for row in of), sum(row[part][1] for row in of)) for part in range(len(PARTS))]


def headline_counts(test: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the sums of the confusion matrix, and what calling everything benign would give.

    Args:
        test: metrics/test.json; what it lacks is None, and so is what would follow from it.
    """
    tn, fp, fn, tp = (test.get(key) for key in ("tn", "fp", "fn", "tp"))
    malignant, benign = total(tp, fn), total(tn, fp)
    return {
        "malignant": malignant,
        "benign": benign,
        "called": total(tp, fp),
        "prevalence": ratio(malignant, total(malignant, benign)),
        "all_benign": ratio(benign, total(malignant, benign)),
        "found": ratio(tp, malignant),
        "alarms": ratio(fp, benign),
    }
