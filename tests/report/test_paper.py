import pytest

from dermoscopy.report.paper import CLAIMS, MATRIX, ROMERO, Published, comparison, corrected


def test_the_matrix_gives_what_was_audited():
    given = corrected()
    assert [round(given[metric], 4) for metric in ("accuracy", "sensitivity", "precision")] == [0.8802, 0.7353, 0.8065]
    assert MATRIX.total == 1002


def test_the_claims_are_not_what_the_matrix_gives():
    assert CLAIMS["sensitivity"] - corrected()["sensitivity"] > 0.08


def test_three_rates_of_one_test_set_fix_its_prevalence():
    # 40 malignant of 100: 30 found, 10 missed, 6 benign ones called malignant.
    assert Published("", accuracy=84 / 100, sensitivity=30 / 40, precision=30 / 36).prevalence == pytest.approx(0.4)
    needed = [one.prevalence for one in ROMERO]
    assert max(needed) - min(needed) > 0.15


def test_everyone_stands_beside_this_run_with_data_and_protocol():
    rows = comparison({"accuracy": 0.8}, "these images")
    assert [row.name.split(",")[0] for row in rows] == [
        "Romero López M1",
        "Romero López M2",
        "Romero López M3",
        "the paper",
        "the paper",
        "this run",
    ]
    assert rows[-1].values == [0.8, None, None, None]
    assert rows[-1].data == "these images"
    assert all(row.data for row in rows)
