import json

import pandas as pd

from dermoscopy.stats.headline import HEADLINE, headline, write_metrics
from dermoscopy.stats.metrics import METRICS, metrics_needing

RANKING = [metric.name for metric in metrics_needing("score")]
OF_PREDICTIONS = [metric.name for metric in metrics_needing("predictions")]

ROWS = pd.DataFrame({"lesion_id": ["l1", "l1", "l2", "l3", "l4"], "label": [0, 0, 0, 1, 1]})
SCORES = pd.DataFrame(
    [
        (
            name,
            "ensemble",
            unit,
            "" if metric in RANKING else point,
            metric,
            value,
            value - 0.1,
            value + 0.1,
            "bootstrap",
        )
        for value, (name, unit, point) in enumerate(
            [
                ("ensemble", "image", "half"),
                ("ensemble", "image", "sensitive"),
                ("ensemble", "lesion", "half"),
                ("mean", "image", "half"),
            ]
        )
        for metric in (*OF_PREDICTIONS, *RANKING)
        if metric not in RANKING or point == "half"
    ],
    columns=["name", "kind", "unit", "point", "metric", "value", "low", "high", "interval"],
)


def leaves(metrics: dict) -> int:
    return sum(leaves(value) if isinstance(value, dict) else 1 for value in metrics.values())


def test_the_headline_is_the_ensemble_by_image_at_its_operating_point():
    metrics = headline(ROWS, SCORES, "sensitive", "lesion")
    assert list(metrics) == ["protocol", "images", "lesions", *HEADLINE]
    assert [metrics[key] for key in ("protocol", "images", "lesions")] == ["lesion", 5, 4]
    assert metrics["sensitivity"] == {"value": 1, "low": 0.9, "high": 1.1}
    assert metrics["roc_auc"]["value"] == 0
    assert headline(ROWS, SCORES, "half", "lesion")["sensitivity"]["value"] == 0


def test_the_headline_has_at_most_40_numbers():
    assert leaves(headline(ROWS, SCORES, "half", "lesion")) <= 40


def test_headline_metrics_are_in_the_table_of_metrics():
    assert set(HEADLINE) <= set(METRICS)


def test_nan_is_null_in_json(tmp_path):
    metrics = {"protocol": "lesion", "ppv": {"value": float("nan"), "low": 0.5}}
    write_metrics(metrics, tmp_path / "metrics" / "test.json")
    text = (tmp_path / "metrics" / "test.json").read_text()
    assert json.loads(text) == {"protocol": "lesion", "ppv": {"value": None, "low": 0.5}}
    assert text.endswith("}\n")
