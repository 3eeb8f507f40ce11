import json
import math

import pandas as pd
import pytest

from dermoscopy.stats.headline import FILES, HEADLINE, ensemble_metrics, read_headline, write_headline
from dermoscopy.stats.metrics import METRICS, metrics_needing
from tests.committed import long_floats

WITHOUT_POINT = [metric.name for metric in METRICS.values() if metric.needs != "predictions"]
OF_PREDICTIONS = [metric.name for metric in metrics_needing("predictions")]

SCORES = pd.DataFrame(
    [
        (
            name,
            "ensemble",
            unit,
            "" if metric in WITHOUT_POINT else point,
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
        for metric in (*OF_PREDICTIONS, *WITHOUT_POINT)
        if metric not in WITHOUT_POINT or point == "half"
    ],
    columns=["name", "kind", "unit", "point", "metric", "value", "low", "high", "interval"],
)
THIRD = {"value": 1 / 3, "low": 0.1, "high": math.nan}
METRICS_OF_TEST = {metric: dict(THIRD) for metric in METRICS}


def test_the_metrics_are_those_of_the_ensemble_by_image_at_its_operating_point():
    metrics = ensemble_metrics(SCORES, "sensitive")
    assert set(metrics) == set(METRICS)
    assert metrics["sensitivity"] == {"value": 1, "low": 0.9, "high": 1.1}
    assert metrics["roc_auc"]["value"] == 0
    assert ensemble_metrics(SCORES, "half")["sensitivity"]["value"] == 0


def test_the_headline_has_at_most_six_metrics():
    assert len(HEADLINE) <= 6
    assert set(HEADLINE) <= set(METRICS)


def test_values_and_bounds_are_files_with_the_same_keys(tmp_path):
    write_headline(METRICS_OF_TEST, "image (leaky protocol)", tmp_path)
    files = {name: json.loads((tmp_path / name).read_text()) for name in FILES.values()}
    for values in files.values():
        assert list(values) == ["protocol", *HEADLINE]
        assert values["protocol"] == "image (leaky protocol)"
    assert files["test_low.json"]["roc_auc"] == 0.1
    assert files["test_high.json"]["roc_auc"] is None


def test_the_headline_is_read_as_it_was_written(tmp_path):
    write_headline(METRICS_OF_TEST, "lesion", tmp_path)
    read = read_headline(tmp_path)
    assert list(read) == list(HEADLINE)
    assert read["ppv"] == {"value": pytest.approx(1 / 3), "low": 0.1, "high": None}


def test_another_sixteenth_digit_changes_no_byte(tmp_path):
    for name, change in (("first", lambda value: value), ("second", lambda value: math.nextafter(value, 1))):
        metrics = {
            metric: {bound: change(value) for bound, value in bounded.items()}
            for metric, bounded in METRICS_OF_TEST.items()
        }
        write_headline(metrics, "lesion", tmp_path / name)
    for file in FILES.values():
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
        assert long_floats(tmp_path / "first" / file) == []
