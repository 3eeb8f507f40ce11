import json

import pandas as pd

from dermoscopy.stats.headline import HEADLINE, headline, write_metrics
from dermoscopy.stats.metrics import METRICS, that_need

RANKS = [metric.name for metric in that_need("score")]
OF_PREDICTIONS = [metric.name for metric in that_need("predictions")]

ROWS = pd.DataFrame({"lesion_id": ["l1", "l1", "l2", "l3", "l4"], "label": [0, 0, 0, 1, 1]})
SCORES = pd.DataFrame(
    [
        (name, "ensemble", unit, "" if metric in RANKS else point, metric, value, value - 0.1, value + 0.1, "bootstrap")
        for value, (name, unit, point) in enumerate(
            [
                ("ensemble", "image", "half"),
                ("ensemble", "image", "sensitive"),
                ("ensemble", "lesion", "half"),
                ("mean", "image", "half"),
            ]
        )
        for metric in (*OF_PREDICTIONS, *RANKS)
        if metric not in RANKS or point == "half"
    ],
    columns=["name", "kind", "unit", "point", "metric", "value", "low", "high", "interval"],
)


def leaves(figures: dict) -> int:
    return sum(leaves(value) if isinstance(value, dict) else 1 for value in figures.values())


def test_the_headline_is_the_ensemble_by_photograph_at_its_point():
    figures = headline(ROWS, SCORES, "sensitive", "lesion")
    assert list(figures) == ["protocol", "images", "lesions", *HEADLINE]
    assert [figures[key] for key in ("protocol", "images", "lesions")] == ["lesion", 5, 4]
    assert figures["sensitivity"] == {"value": 1, "low": 0.9, "high": 1.1}
    assert figures["roc_auc"]["value"] == 0
    assert headline(ROWS, SCORES, "half", "lesion")["sensitivity"]["value"] == 0


def test_the_headline_is_short_enough_to_be_read():
    assert leaves(headline(ROWS, SCORES, "half", "lesion")) <= 40


def test_the_headline_is_of_the_table():
    assert set(HEADLINE) <= set(METRICS)


def test_json_holds_no_nan(tmp_path):
    figures = {"protocol": "lesion", "ppv": {"value": float("nan"), "low": 0.5}}
    write_metrics(figures, tmp_path / "metrics" / "test.json")
    text = (tmp_path / "metrics" / "test.json").read_text()
    assert json.loads(text) == {"protocol": "lesion", "ppv": {"value": None, "low": 0.5}}
    assert text.endswith("}\n")
