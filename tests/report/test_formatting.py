from pathlib import Path

import pandas as pd
import pytest

from dermoscopy.core.metrics import Confusion
from dermoscopy.report import data as findings
from dermoscopy.report import ensemble as intervals
from dermoscopy.report import formatting as numbers
from dermoscopy.report.figure import Scale, path, ticks
from dermoscopy.report.formatting import classifier, css, listing, opening

NAN = float("nan")


def roc_auc(*rows):
    return pd.DataFrame(rows, columns=["name", "kind", "value", "low", "high"])


def test_intervals_stand_where_their_values_are():
    of = intervals.intervals(roc_auc(("ensemble", "ensemble", 0.9, 0.75, 1.0), ("cnn_a", "member", 0.42, 0.35, 0.5)))
    assert of.ticks[0] == (0.3, 0)
    assert of.ticks[-1] == (1.0, 100)
    (ensemble,) = of.groups["Ensemble"]
    assert (ensemble.left, ensemble.width) == pytest.approx((64.29, 35.71))
    assert ensemble.at == pytest.approx(85.71)
    assert [one.name for one in of.coloured] == ["Ensemble", "CNN A"]


def test_an_undefined_interval_has_no_place():
    of = intervals.intervals(roc_auc(("ensemble", "ensemble", NAN, NAN, NAN)))
    (ensemble,) = of.groups["Ensemble"]
    assert (ensemble.at, ensemble.left, ensemble.width) == (None, None, None)


def test_the_best_leaves_the_leak_out():
    rows = roc_auc(
        ("dx_type", "baseline", 0.9, 0.8, 1), ("colours", "baseline", 0.8, 0.7, 0.9), ("a", "member", 1, 1, 1)
    )
    assert intervals.best(rows, "baseline")["name"] == "Colour statistics"
    assert intervals.best(rows, "truth") is None


def test_calls_by_diagnosis():
    predictions = pd.DataFrame(
        {"dx": ["nv", "nv", "mel", "mel"], "label": [0, 0, 1, 1], "probability": [0.5, 0.1, 0.4, 0.9]}
    )
    calls = findings.by_diagnosis(predictions, 0.5)
    assert [(row["dx"], row["images"], row["called"], row["share"]) for row in calls] == [
        ("mel", 2, 1, 0.5),
        ("nv", 2, 1, 0.5),
    ]


def test_parts_are_added_up():
    splits = pd.DataFrame(
        [("train", "malignant", "mel", 5, 4), ("test", "malignant", "mel", 2, 1), ("test", "benign", "nv", 7, 6)],
        columns=["split", "label", "dx", "images", "lesions"],
    )
    rows = findings.splits_by_diagnosis(splits)
    assert rows[0]["splits"] == [(5, 4), (0, 0), (2, 1)]
    assert findings.sum_splits(rows) == [(5, 4), (0, 0), (9, 7)]
    assert findings.sum_splits(rows, "benign") == [(0, 0), (0, 0), (7, 6)]


def test_photographs_are_counted_at_the_threshold():
    predictions = pd.DataFrame({"label": [0, 0, 0, 1, 1], "probability": [0.1, 0.5, 0.2, 0.4, 0.9]})
    counts = findings.headline_counts(findings.counted(predictions, 0.5))
    assert [counts[key] for key in ("tn", "fp", "fn", "tp", "malignant", "called")] == [2, 1, 1, 1, 2, 2]
    assert findings.headline_counts(Confusion(tn=0, fp=0, fn=0, tp=0))["prevalence"] is None


@pytest.mark.parametrize("odd", [None, NAN, float("inf")])
def test_odd_numbers_are_a_dash(odd):
    for write in (numbers.rate, numbers.percent, numbers.signed, numbers.count):
        assert write(odd) == "–"
    assert numbers.interval(odd, 1.0) == "–"
    assert numbers.probability(odd) == "–"
    assert numbers.bounded({"value": odd, "low": odd, "high": 1.0}) == "–"
    assert numbers.ratio(odd, 2) is None
    assert numbers.ratio(1, 0) is None


def test_numbers_as_one_reads_them():
    assert numbers.rate(0.89371) == "0.894"
    assert numbers.percent(0.2561) == "26 %"
    assert numbers.signed(-0.03) == "−0.030"
    assert numbers.count(10015) == "10,015"
    assert numbers.bounded({"value": 0.9, "low": 0.756, "high": 0.958}) == "90 %, interval 76 % to 96 %"
    assert [numbers.probability(p) for p in (0.31, 0.0042, 0.0001)] == ["= 0.31", "= 0.004", "< 0.001"]
    assert (numbers.plural(1, "lesion"), numbers.plural(0, "lesion")) == ("1 lesion", "0 lesions")


def test_words_as_one_reads_them():
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert opening("actinic keratosis or Bowen’s disease") == "Actinic keratosis or Bowen’s disease"
    assert css("colours") == css("anything else") != css("cnn_a")


def test_a_fifth_and_further_members_have_a_look_of_their_own(monkeypatch):
    many = [f"m{number}" for number in range(8)]
    monkeypatch.setattr(numbers, "member_names", lambda: many)
    looks = [css(name) for name in many]
    assert len(set(looks)) == 8
    style = (Path(numbers.__file__).parent / "templates/page.css").read_text()
    for look in looks:
        assert f".{look} {{ --own" in style
    assert all(f".roc .{look} {{ stroke-dasharray" in style for look in looks[1:])
    assert classifier("m4") == "m4"


def test_a_curve_breaks_where_a_number_is_missing():
    scale = Scale(0, 1, 0, 10)
    assert path([0, 0.5, 1, 1], [0, NAN, 0.5, 1], scale, scale) == "M0 0M10 5L10 10"


@pytest.mark.parametrize(
    ("low", "high", "most", "marks"),
    [(0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]), (1, 12, 6, [2, 4, 6, 8, 10, 12]), (0.4, 1, 5, [0.4, 0.6, 0.8, 1])],
)
def test_ticks_are_round_numbers(low, high, most, marks):
    assert ticks(low, high, most) == marks
