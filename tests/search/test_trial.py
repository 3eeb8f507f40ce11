"""A trial's result is a matter of its configuration alone, wherever and in whatever order it runs."""

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermoscopy.core.errors import DivergedError, TrainingError
from dermoscopy.search import trial as module
from dermoscopy.search.images import load, shared
from dermoscopy.search.params import Search
from dermoscopy.search.space import Trial, trials
from dermoscopy.search.trial import Conditions, Task
from dermoscopy.train.checkpoints import State
from tests.full_disk import run_on_full_disk
from tests.search.conftest import examples

Make = Callable[..., Search]


def scores(record) -> list[float]:
    return [epoch.val_loss for epoch in record.epochs]


@pytest.fixture
def tried(search: Make) -> list[Trial]:
    return trials(search(trials=2), seed=1)


def test_results_depend_neither_on_order_nor_on_what_ran_before(tried, conditions: Conditions, tmp_path: Path):
    forth = [Task(trial, 2, conditions)()[1] for trial in tried]
    elsewhere = dataclasses.replace(conditions, records=tmp_path / "elsewhere")
    back = [Task(trial, 2, elsewhere)()[1] for trial in reversed(tried)]
    assert list(map(scores, forth)) == list(map(scores, reversed(back)))
    assert len({tuple(scores(record)) for record in forth}) == len(tried)
    assert all(record.weights > 0 and len(record.epochs) == 2 for record in forth)


def test_what_is_on_disk_is_not_trained_again(tried, conditions: Conditions, monkeypatch: pytest.MonkeyPatch):
    task = Task(tried[0], 4, conditions)
    assert task.finished() is None
    number, record = task()
    assert number == 1
    assert record.over
    monkeypatch.setattr(module, "fit", None)
    again = Task(tried[0], 4, conditions)()[1]
    assert scores(again) == scores(record)
    assert scores(task.finished()) == scores(record)


@pytest.mark.parametrize("state", ["kept", "lost"])
def test_a_paused_trial_goes_on_to_the_bytes_of_an_unbroken_one(
    tried, conditions: Conditions, tmp_path: Path, state: str, monkeypatch: pytest.MonkeyPatch
):
    unbroken = Task(tried[0], 4, dataclasses.replace(conditions, records=tmp_path / "unbroken"))()[1]
    first = Task(tried[0], 1, conditions)
    record = first()[1]
    assert len(record.epochs) == 1
    assert not record.over
    assert first.checkpoint.load() is not None
    if state == "lost":
        first.checkpoint.remove()
    fitted: list[State | None] = []
    fit = module.fit

    def watched(*args, **kwargs):
        fitted.append(kwargs["state"])
        return fit(*args, **kwargs)

    monkeypatch.setattr(module, "fit", watched)
    further = Task(tried[0], 4, conditions)()[1]
    assert list(further.epochs) == list(unbroken.epochs)
    assert [len(state.epochs) if state else 0 for state in fitted] == [1 if state == "kept" else 0]


def test_a_trial_without_halving_leaves_no_checkpoint(tried, conditions: Conditions):
    task = Task(tried[0], 4, conditions)
    task()
    assert task.checkpoint.load() is None


def test_a_trial_whose_loss_is_infinite_is_a_result(tried, conditions: Conditions):
    wild = tried[0].parameters.model_copy(update={"optimizer": "sgd", "learning_rate": 1e38, "dropout": 0.0})
    record = Task(dataclasses.replace(tried[0], parameters=wild), 4, conditions)()[1]
    assert record.over
    assert "learning rate 1e+38" in record.problem
    assert record.chosen(4, "val_loss") is None


def test_so_is_one_whose_loss_is_infinite_after_a_pause(tried, conditions: Conditions, monkeypatch: pytest.MonkeyPatch):
    before = Task(tried[0], 1, conditions)()[1]

    def diverge(*args, **kwargs):
        raise DivergedError("loss nan in epoch 2")

    monkeypatch.setattr(module, "fit", diverge)
    record = Task(tried[0], 4, conditions)()[1]
    assert record.over
    assert record.problem == "loss nan in epoch 2"
    assert record.epochs == before.epochs
    assert record.chosen(1, "val_loss") == before.epochs[0]


def test_other_settings_have_another_record(tried, conditions: Conditions):
    shared, settings = conditions, conditions.settings

    def changed(**changes: Any) -> Conditions:
        return dataclasses.replace(shared, settings=dataclasses.replace(settings, **changes))

    tasks = [
        Task(tried[0], 4, shared),
        Task(tried[1], 4, shared),
        Task(tried[0], 4, changed(seed=2)),
        Task(tried[0], 4, changed(versions={"keras": "1"})),
        Task(tried[0], 4, dataclasses.replace(shared, code="other")),
        Task(tried[0], 4, dataclasses.replace(shared, images=shared.images.with_name("images-0"))),
        Task(tried[0], 4, changed(training=settings.training.model_copy(update={"batch_size": 8}))),
    ]
    assert len({task.record for task in tasks}) == len(tasks)
    # How far it is to train, its number, and how the splits were drawn are not among them.
    assert Task(dataclasses.replace(tried[0], number=9), 1, changed(protocol="image")).record == tasks[0].record


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda settings: {"code": "other"}, "A worker has other source files of dermoscopy: install there"),
        (
            lambda settings: {"settings": dataclasses.replace(settings, versions={"tensorflow": "1.0"})},
            r"A worker has tensorflow \S+ instead of 1.0",
        ),
    ],
)
def test_a_worker_that_would_give_other_results_is_refused(tried, conditions: Conditions, change, told):
    with pytest.raises(TrainingError, match=told):
        Task(tried[0], 4, dataclasses.replace(conditions, **change(conditions.settings)))()


def test_a_worker_without_the_project_s_folder_is_told_so(tried, conditions: Conditions):
    elsewhere = dataclasses.replace(conditions, images=conditions.images.with_name("nowhere"))
    with pytest.raises(TrainingError, match=r"A worker does not see .*nowhere"):
        Task(tried[0], 4, elsewhere)()


def test_photographs_are_named_by_what_they_are(tmp_path: Path):
    names = set()
    for train, val in ((examples(4), examples(6)), (examples(4), examples(6)), (examples(6), examples(4))):
        with shared(train, val, tmp_path) as place:
            names.add(place.name)
            for kept, split in zip(load(place), (train, val), strict=True):
                np.testing.assert_array_equal(kept.images, split.images)
                np.testing.assert_array_equal(kept.labels, split.labels)
    assert len(names) == 2
    assert list(tmp_path.iterdir()) == []


FILLS = """
import errno, sys
from pathlib import Path
from typing import Any
import numpy as np
from dermoscopy.search.images import shared
from dermoscopy.networks.data import Examples

split = Examples(np.zeros((100, 100, 100, 3), np.uint8), np.zeros(100, np.float32))
try:
    with shared(split, split, Path(sys.argv[1])):
        pass
except OSError as error:
    assert error.errno == errno.ENOSPC, error
    assert not list(Path(sys.argv[1]).iterdir())
    print("full")
"""


def test_photographs_that_do_not_fit_leave_nothing_and_say_why(tmp_path: Path):
    environment = os.environ | {"PYTHONPATH": str(Path("src").resolve())}
    done = run_on_full_disk(tmp_path, [sys.executable, "-c", FILLS, str(tmp_path)], env=environment)
    assert (done.stdout, done.stderr) == ("full\n", "")


def test_photographs_written_again_leave_an_old_map_whole(tmp_path: Path):
    with shared(examples(8), examples(4), tmp_path) as place:
        mapped = load(place)[0].images
        before = mapped.copy()
        with shared(examples(8), examples(4), tmp_path):
            np.testing.assert_array_equal(mapped, before)
