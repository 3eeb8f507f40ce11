from pathlib import Path

import pytest

from dermoscopy.search.trial import Record, read_record, write_record
from dermoscopy.train.history import Epoch


def epoch(number: int, val_loss: float, val_roc_auc: float = 0.5) -> Epoch:
    return Epoch(number, "trained", 0.1, 0.7, 1 / 3, val_loss, 0.75, val_roc_auc)


EPOCHS = (epoch(1, 0.7, 0.9), epoch(2, 0.5, 0.8), epoch(3, 0.6, 0.7))


def test_record_is_read_as_written(tmp_path: Path):
    record = Record(EPOCHS, 12, ended=False, problem="")
    write_record(record, tmp_path / "a.json")
    read = read_record(tmp_path / "a.json")
    assert (list(read.epochs), read.n_weights, read.ended, read.problem) == (list(EPOCHS), 12, False, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"epochs": [{}], "n_weights": 1, "ended": true}'])
def test_unreadable_record_is_logged_and_ignored(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "a.json"
    assert read_record(path) is None
    assert caplog.text == ""
    path.write_text(text)
    assert read_record(path) is None
    assert str(path) in caplog.text


def test_record_reaches_its_trained_epochs_or_all_if_it_ended():
    assert Record(EPOCHS, 1, ended=False).reaches(3)
    assert not Record(EPOCHS, 1, ended=False).reaches(4)
    assert Record(EPOCHS, 1, ended=True).reaches(4)


def test_chosen_epoch_is_the_best_of_the_first_epochs():
    record = Record(EPOCHS, 1, ended=True)
    assert [record.chosen(count, "val_loss").epoch for count in (1, 2, 3, 9)] == [1, 2, 2, 2]
    assert record.chosen(3, "val_roc_auc").epoch == 1


def test_failed_trial_has_no_chosen_epoch_from_the_failure_on():
    record = Record(EPOCHS[:2], 1, ended=True, problem="The loss became nan")
    assert record.chosen(2, "val_loss").epoch == 2
    assert record.chosen(3, "val_loss") is None
