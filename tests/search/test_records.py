from pathlib import Path

import pytest

from dermoscopy.search.trial import Record, read_record, write_record
from dermoscopy.train.history import Epoch


def epoch(number: int, val_loss: float, val_roc_auc: float = 0.5) -> Epoch:
    return Epoch(number, "trained", 0.1, 0.7, 1 / 3, val_loss, 0.75, val_roc_auc)


EPOCHS = (epoch(1, 0.7, 0.9), epoch(2, 0.5, 0.8), epoch(3, 0.6, 0.7))


def test_what_is_written_is_what_is_read(tmp_path: Path):
    record = Record(EPOCHS, 12, over=False, problem="")
    write_record(record, tmp_path / "a.json")
    read = read_record(tmp_path / "a.json")
    assert (list(read.epochs), read.weights, read.over, read.problem) == (list(EPOCHS), 12, False, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"epochs": [{}], "weights": 1, "over": true}'])
def test_what_cannot_be_read_is_told_and_left(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "a.json"
    assert read_record(path) is None
    assert caplog.text == ""
    path.write_text(text)
    assert read_record(path) is None
    assert "its trial runs again" in caplog.text


def test_it_reaches_what_it_has_trained_or_all_where_it_trains_no_further():
    assert Record(EPOCHS, 1, over=False).reaches(3)
    assert not Record(EPOCHS, 1, over=False).reaches(4)
    assert Record(EPOCHS, 1, over=True).reaches(4)


def test_the_chosen_epoch_is_the_best_of_the_first():
    record = Record(EPOCHS, 1, over=True)
    assert [record.chosen(count, "val_loss").epoch for count in (1, 2, 3, 9)] == [1, 2, 2, 2]
    assert record.chosen(3, "val_roc_auc").epoch == 1


def test_a_trial_that_failed_has_no_chosen_epoch_from_there_on():
    record = Record(EPOCHS[:2], 1, over=True, problem="The loss became nan")
    assert record.chosen(2, "val_loss").epoch == 2
    assert record.chosen(3, "val_loss") is None
