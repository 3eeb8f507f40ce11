import pandas as pd
import pytest

from dermoscopy.core.metrics import Confusion
from dermoscopy.report import formatting
from dermoscopy.report.data import by_diagnosis, confusion_matrix, headline_counts, splits_by_diagnosis, sum_splits
from dermoscopy.report.ensemble import best, intervals
from dermoscopy.report.figure import Scale, path, ticks
from dermoscopy.report.formatting import classifier, listing, opening, percent, rate, signed

NAN = float("nan")


def roc_auc(*rows):
    return pd.DataFrame(rows, columns=["name", "kind", "value", "low", "high"])


def test_roc_auc_intervals_are_placed_by_their_values():
    table = intervals(roc_auc(("ensemble", "ensemble", 0.9, 0.75, 1.0), ("cnn_a", "member", 0.42, 0.35, 0.5)))
    assert table.ticks[0] == (0.3, 0)
    assert table.ticks[-1] == (1.0, 100)
    (ensemble,) = table.groups["Ensemble"]
    assert (ensemble.left, ensemble.width) == pytest.approx((64.29, 35.71))
    assert ensemble.position == pytest.approx(85.71)
    assert [interval.name for interval in table.coloured] == ["Ensemble", "CNN A"]


def test_an_undefined_roc_auc_interval_has_no_position():
    table = intervals(roc_auc(("ensemble", "ensemble", NAN, NAN, NAN)))
    (ensemble,) = table.groups["Ensemble"]
    assert (ensemble.position, ensemble.left, ensemble.width) == (None, None, None)


def test_the_best_baseline_excludes_the_one_that_leaks_the_label():
    rows = roc_auc(
        ("dx_type", "baseline", 0.9, 0.8, 1), ("colours", "baseline", 0.8, 0.7, 0.9), ("a", "member", 1, 1, 1)
    )
    assert best(rows, "baseline")["name"] == "Colour statistics"
    assert best(rows, "ceiling") is None


def test_predictions_by_diagnosis():
    predictions = pd.DataFrame(
        {"dx": ["nv", "nv", "mel", "mel"], "label": [0, 0, 1, 1], "probability": [0.5, 0.1, 0.4, 0.9]}
    )
    rows = by_diagnosis(predictions, 0.5)
    assert [(row["dx"], row["images"], row["predicted_malignant"], row["proportion"]) for row in rows] == [
        ("mel", 2, 1, 0.5),
        ("nv", 2, 1, 0.5),
    ]


def test_splits_are_summed():
    diagnoses = pd.DataFrame(
        [("train", "malignant", "mel", 5, 4), ("test", "malignant", "mel", 2, 1), ("test", "benign", "nv", 7, 6)],
        columns=["split", "label", "dx", "images", "lesions"],
    )
    rows = splits_by_diagnosis(diagnoses)
    assert rows[0]["splits"] == [(5, 4), (0, 0), (2, 1)]
    assert sum_splits(rows) == [(5, 4), (0, 0), (9, 7)]
    assert sum_splits(rows, "benign") == [(0, 0), (0, 0), (7, 6)]


def test_headline_counts_at_the_threshold():
    predictions = pd.DataFrame({"label": [0, 0, 0, 1, 1], "probability": [0.1, 0.5, 0.2, 0.4, 0.9]})
    counts = headline_counts(confusion_matrix(predictions, 0.5))
    assert [counts[key] for key in ("tn", "fp", "fn", "tp", "malignant", "predicted_malignant")] == [2, 1, 1, 1, 2, 2]
    assert headline_counts(Confusion(tn=0, fp=0, fn=0, tp=0))["prevalence"] is None


@pytest.mark.parametrize("undefined", [None, NAN, float("inf")])
def test_undefined_numbers_become_a_dash(undefined):
    for write in (formatting.rate, formatting.percent, formatting.signed, formatting.count):
        assert write(undefined) == "–"
    assert formatting.interval(undefined, 1.0) == "–"
    assert formatting.probability(undefined) == "–"
    assert formatting.bounded({"value": undefined, "low": undefined, "high": 1.0}, "95 %") == "–"
    assert formatting.ratio(undefined, 2) is None
    assert formatting.ratio(1, 0) is None


def test_numbers_are_formatted():
    assert formatting.rate(0.89371) == "0.894"
    assert formatting.percent(0.2561) == "26 %"
    assert formatting.signed(-0.03) == "−0.030"
    assert formatting.count(10015) == "10,015"
    assert formatting.bounded({"value": 0.9, "low": 0.756, "high": 0.958}, "95 %") == (
        "90 %, 95 % confidence interval 76 % to 96 %"
    )
    assert [formatting.probability(p) for p in (0.31, 0.0042, 0.0001)] == ["= 0.31", "= 0.004", "< 0.001"]
    assert (formatting.plural(1, "lesion"), formatting.plural(0, "lesion")) == ("1 lesion", "0 lesions")


def test_names_are_formatted():
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert opening("actinic keratosis or Bowen’s disease") == "Actinic keratosis or Bowen’s disease"
    assert classifier("m4") == "m4"


def test_a_path_has_a_gap_at_a_missing_number():
    scale = Scale(0, 1, 0, 10)
    assert path([0, 0.5, 1, 1], [0, NAN, 0.5, 1], scale, scale) == "M0 0M10 5L10 10"


@pytest.mark.parametrize(
    ("low", "high", "most", "marks"),
    [(0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]), (1, 12, 6, [2, 4, 6, 8, 10, 12]), (0.4, 1, 5, [0.4, 0.6, 0.8, 1])],
)
def test_ticks_are_round_numbers(low, high, most, marks):
    assert ticks(low, high, most) == marks


@pytest.mark.parametrize("value", [0.8425, 0.8424999999999999, 0.8425000000000001])
def test_a_value_from_a_table_of_dvc_is_shown_like_the_one_from_git(value):
    assert rate(value) == "0.843"
    assert signed(-value) == "−0.843"
    assert percent(value, 1) == percent(0.8425, 1)
