"""The result of a trial depends on its configuration only, not on the process or the order."""

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
from dermoscopy.search.images import load_images, shared_images
from dermoscopy.search.params import Search
from dermoscopy.search.space import Trial, plan_trials
from dermoscopy.search.trial import Conditions, Task
from dermoscopy.train.checkpoints import State
from tests.full_disk import run_on_full_disk
from tests.search.conftest import examples

Make = Callable[..., Search]


def scores(record) -> list[float]:
    return [epoch.val_loss for epoch in record.epochs]


@pytest.fixture
def tried(search: Make) -> list[Trial]:
    return plan_trials(search(trials=2), seed=1)


def test_results_do_not_depend_on_the_order_of_trials(tried, conditions: Conditions, tmp_path: Path):
    forward = [Task(trial, 2, conditions)()[1] for trial in tried]
    elsewhere = dataclasses.replace(conditions, records=tmp_path / "elsewhere")
    backward = [Task(trial, 2, elsewhere)()[1] for trial in reversed(tried)]
    assert list(map(scores, forward)) == list(map(scores, reversed(backward)))
    assert len({tuple(scores(record)) for record in forward}) == len(tried)
    assert all(record.n_weights > 0 and len(record.epochs) == 2 for record in forward)


def test_recorded_trial_is_not_trained_again(tried, conditions: Conditions, monkeypatch: pytest.MonkeyPatch):
    task = Task(tried[0], 4, conditions)
    assert task.finished() is None
    number, record = task()
    assert number == 1
    assert record.ended
    monkeypatch.setattr(module, "fit", None)
    again = Task(tried[0], 4, conditions)()[1]
    assert scores(again) == scores(record)
    assert scores(task.finished()) == scores(record)


@pytest.mark.parametrize("state", ["kept", "lost"])
def test_resumed_trial_equals_an_uninterrupted_one(
    tried, conditions: Conditions, tmp_path: Path, state: str, monkeypatch: pytest.MonkeyPatch
):
    uninterrupted = Task(tried[0], 4, dataclasses.replace(conditions, records=tmp_path / "uninterrupted"))()[1]
    first = Task(tried[0], 1, conditions)
    record = first()[1]
    assert len(record.epochs) == 1
    assert not record.ended
    assert first.checkpoint.load() is not None
    if state == "lost":
        first.checkpoint.remove()
    states: list[State | None] = []
    fit = module.fit

    def recording_fit(*args, **kwargs):
        states.append(kwargs["state"])
        return fit(*args, **kwargs)

    monkeypatch.setattr(module, "fit", recording_fit)
    resumed = Task(tried[0], 4, conditions)()[1]
    assert list(resumed.epochs) == list(uninterrupted.epochs)
    assert [len(state.epochs) if state else 0 for state in states] == [1 if state == "kept" else 0]


def test_trial_without_halving_writes_no_checkpoint(tried, conditions: Conditions):
    task = Task(tried[0], 4, conditions)
    task()
    assert task.checkpoint.load() is None


def test_diverged_trial_has_a_record_with_the_problem(tried, conditions: Conditions):
    diverging = tried[0].parameters.model_copy(update={"optimizer": "sgd", "learning_rate": 1e38, "dropout": 0.0})
    record = Task(dataclasses.replace(tried[0], parameters=diverging), 4, conditions)()[1]
    assert record.ended
    assert "1e+38" in record.problem
    assert record.chosen(4, "val_loss") is None


def test_trial_that_diverges_after_a_pause_keeps_its_epochs(
    tried, conditions: Conditions, monkeypatch: pytest.MonkeyPatch
):
    before = Task(tried[0], 1, conditions)()[1]

    def diverge(*args, **kwargs):
        raise DivergedError("loss nan in epoch 2")

    monkeypatch.setattr(module, "fit", diverge)
    record = Task(tried[0], 4, conditions)()[1]
    assert record.ended
    assert record.problem == "loss nan in epoch 2"
    assert record.epochs == before.epochs
    assert record.chosen(1, "val_loss") == before.epochs[0]


def test_other_settings_have_another_record(tried, conditions: Conditions):
    settings = conditions.settings

    def changed(**changes: Any) -> Conditions:
        return dataclasses.replace(conditions, settings=dataclasses.replace(settings, **changes))

    tasks = [
        Task(tried[0], 4, conditions),
        Task(tried[1], 4, conditions),
        Task(tried[0], 4, changed(seed=2)),
        Task(tried[0], 4, changed(versions={"keras": "1"})),
        Task(tried[0], 4, dataclasses.replace(conditions, code="other")),
        Task(tried[0], 4, dataclasses.replace(conditions, images=conditions.images.with_name("images-0"))),
        Task(tried[0], 4, changed(training=settings.training.model_copy(update={"batch_size": 8}))),
    ]
    assert len({task.record_path for task in tasks}) == len(tasks)
    # Number of epochs, number of the trial and split protocol do not change the record.
    assert (
        Task(dataclasses.replace(tried[0], number=9), 1, changed(protocol="image")).record_path == tasks[0].record_path
    )


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda settings: {"code": "other"}, "other source files of dermoscopy"),
        (
            lambda settings: {"settings": dataclasses.replace(settings, versions={"tensorflow": "1.0"})},
            r"tensorflow \S+ instead of 1.0",
        ),
    ],
)
def test_worker_with_other_code_or_versions_is_refused(tried, conditions: Conditions, change, difference):
    with pytest.raises(TrainingError, match=difference):
        Task(tried[0], 4, dataclasses.replace(conditions, **change(conditions.settings)))()


def test_worker_without_the_project_folder_is_refused(tried, conditions: Conditions):
    elsewhere = dataclasses.replace(conditions, images=conditions.images.with_name("nowhere"))
    with pytest.raises(TrainingError, match=r"nowhere.*search\.scheduler"):
        Task(tried[0], 4, elsewhere)()


def test_folder_of_images_is_named_by_its_content(tmp_path: Path):
    names = set()
    for train, val in ((examples(4), examples(6)), (examples(4), examples(6)), (examples(6), examples(4))):
        with shared_images(train, val, tmp_path) as folder:
            names.add(folder.name)
            for loaded, examples_of_split in zip(load_images(folder), (train, val), strict=True):
                np.testing.assert_array_equal(loaded.images, examples_of_split.images)
                np.testing.assert_array_equal(loaded.labels, examples_of_split.labels)
    assert len(names) == 2
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import errno, sys
from pathlib import Path
from typing import Any
import numpy as np
from dermoscopy.search.images import shared_images
from dermoscopy.networks.data import Examples

examples = Examples(np.zeros((100, 100, 100, 3), np.uint8), np.zeros(100, np.float32))
try:
    with shared_images(examples, examples, Path(sys.argv[1])):
        pass
except OSError as error:
    assert error.errno == errno.ENOSPC, error
    assert not list(Path(sys.argv[1]).iterdir())
    print("full")
"""


def test_images_on_a_full_disk_leave_no_file_and_raise_enospc(tmp_path: Path):
    environment = os.environ | {"PYTHONPATH": str(Path("src").resolve())}
    done = run_on_full_disk(tmp_path, [sys.executable, "-c", FULL_DISK, str(tmp_path)], env=environment)
    assert (done.stdout, done.stderr) == ("full\n", "")


def test_images_written_again_do_not_change_an_open_memory_map(tmp_path: Path):
    with shared_images(examples(8), examples(4), tmp_path) as folder:
        mapped = load_images(folder)[0].images
        before = mapped.copy()
        with shared_images(examples(8), examples(4), tmp_path):
            np.testing.assert_array_equal(mapped, before)
