import subprocess
from pathlib import Path

import pytest
import study_queue
from study_plan import Training
from study_queue import commits, finished, queue, refuse_waiting, show, tasks, wait

from dermoscopy.core.errors import UserError

STATUS = """Task     Name           Created    Status
97c582d  study-x-new    07:20 PM   Running
49d69f8  study-x-next   07:20 PM   Queued
5eee1c2  study-x-bad    07:20 PM   Failed
1dee1c2  study-x-next   07:10 PM   Failed
152371f  study-x-old    Nov 28, 2026  Success

Worker status: 1 active, 0 idle
"""


def training(row: str, **changes: object) -> Training:
    return Training("x", row, "cnn_a", changes, f"study-x-{row}")


class FakeDvc:
    """dvc with a queue whose tasks all end when its worker starts, those in `failing` with an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, status: str = "", failing: tuple[str, ...] = ()) -> None:
        self.calls, self.states, self.failing = list[tuple[str, ...]](), tasks(status), failing
        monkeypatch.setattr(study_queue, "dvc", self)
        monkeypatch.setattr(study_queue, "start_worker", self.start_worker)
        monkeypatch.setattr(study_queue, "SECONDS_BETWEEN", 0)

    def __call__(self, *arguments: str) -> str:
        self.calls.append(arguments)
        if arguments[:2] == ("exp", "run"):
            self.states[arguments[4]] = "Queued"
        return "".join(f"97c582d  {name}  07:20 PM  {state}\n" for name, state in self.states.items())

    def start_worker(self) -> None:
        self.calls.append(("start",))
        self.states = {name: "Failed" if name in self.failing else "Success" for name in self.states}


def test_the_state_of_a_name_is_that_of_its_waiting_task():
    states = {"study-x-new": "Running", "study-x-next": "Queued", "study-x-bad": "Failed", "study-x-old": "Success"}
    assert tasks(STATUS) == states
    assert tasks("No experiment tasks in the queue.\n\nWorker status: 0 active, 0 idle\n") == {}


def test_a_row_is_queued_with_its_parameters_and_only_its_stage(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    fake = FakeDvc(monkeypatch, STATUS)
    monkeypatch.setattr(study_queue, "commits", lambda: {"study-x-bad": "a", "study-x-old": "b"})
    log = Path("runs/study-x-bad/train@cnn_a.json")
    log.parent.mkdir(parents=True)
    log.touch()
    queue([training("bad", **{"models.cnn_a.epochs": 3, "optimizer": None}), training("first")])
    expected = "exp run --queue --name study-x-bad -S models.cnn_a.epochs=3 -S optimizer=null train@cnn_a"
    assert fake.calls == [
        ("queue", "status"),
        ("queue", "remove", "study-x-bad"),
        ("exp", "remove", "study-x-bad"),
        tuple(expected.split()),
        ("exp", "run", "--queue", "--name", "study-x-first", "train@cnn_a"),
    ]
    assert not log.exists()  # of the earlier training of this name


def test_a_failed_training_does_not_end_the_others(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    fake = FakeDvc(monkeypatch, failing=("study-x-bad",))
    monkeypatch.setattr(study_queue, "commits", dict)
    planned = [training("bad"), training("good")]
    queue(planned)
    wait(planned)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["0 min: study-x-bad failed, 1 left", "0 min: study-x-good success, 0 left"]
    assert fake.calls.count(("start",)) == 1


def test_a_worker_that_was_killed_is_started_again(monkeypatch):
    class DyingWorker(FakeDvc):
        def start_worker(self) -> None:
            if self.calls.count(("start",)) == 0:
                self.calls.append(("start",))
            else:
                super().start_worker()

    fake = DyingWorker(monkeypatch, "97c582d  study-x-new  07:20 PM  Queued\n")
    wait([training("new")])
    first, second = (index for index, call in enumerate(fake.calls) if call == ("start",))
    assert fake.calls[first + 1 : second] == [("queue", "status")] * study_queue.LOOKS


def test_a_task_that_is_missing_once_has_not_ended(monkeypatch, capsys):
    """It started while DVC listed the queue."""
    FakeDvc(monkeypatch)
    line = "97c582d  study-x-new  07:20 PM  {}\n"
    outputs = iter(["", line.format("Running"), "", line.format("Success")])
    monkeypatch.setattr(study_queue, "dvc", lambda *arguments: next(outputs))
    wait([training("new")])
    assert capsys.readouterr().out.splitlines() == ["0 min: study-x-new success, 0 left"]
    assert list(outputs) == []
    monkeypatch.setattr(study_queue, "dvc", lambda *arguments: "")
    wait([training("new")])
    assert capsys.readouterr().out.splitlines() == ["0 min: study-x-new is gone, 0 left"]


def test_a_queue_with_tasks_is_refused(monkeypatch):
    FakeDvc(monkeypatch, STATUS)
    with pytest.raises(UserError, match="2 tasks: study-x-new, study-x-next"):
        refuse_waiting()
    FakeDvc(monkeypatch, STATUS.replace("Running", "Success").replace("Queued", "Failed"))
    refuse_waiting()


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "core.hooksPath=/dev/null"]
    return subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def test_only_an_experiment_with_the_same_parameters_is_taken(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    Path("params.yaml").write_text("seed: 1\nmodels: {cnn_a: {epochs: 3}}\n")
    git("add", "--all")
    git("commit", "--quiet", "--message", "start")
    head = git("rev-parse", "HEAD")
    Path("params.yaml").write_text("seed: 2\nmodels: {cnn_a: {epochs: 3}}\n")
    git("commit", "--quiet", "--all", "--message", "experiment")
    experiment = git("rev-parse", "HEAD")
    git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/study-x-seed", experiment)
    git("checkout", "--quiet", head)
    tree = {"seed": 1, "models": {"cnn_a": {"epochs": 3}}}
    assert commits() == {"study-x-seed": experiment}
    assert finished([training("seed", seed=2), training("other", seed=2)], tree) == {"study-x-seed": experiment}
    assert finished([training("seed", seed=3)], tree) == {}
    assert show(head, "params.yaml").startswith("seed: 1")
