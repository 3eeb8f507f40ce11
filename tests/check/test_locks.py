"""Whether a dvc is at work, from the lock files that it writes."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dermoscopy.check import locks
from dermoscopy.check.locks import (
    EXPERIMENTS,
    LOCK,
    PATHS,
    WORKSPACE,
    at_work,
    experiment_started,
    killed_while_preparing,
)
from dermoscopy.core.errors import UserError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locks, "SECONDS_TO_WAIT", 0.2)
    WORKSPACE.parent.mkdir(parents=True)
    return tmp_path


@pytest.fixture
def dead() -> int:
    """Id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def rwlock(path: Path, process: int) -> None:
    """Write a file of locks as DVC does."""
    info = {"pid": process, "cmd": "dvc repro"}
    path.write_text(json.dumps({"read": {"/in": [info]}, "write": {"/out": info}}))


def test_nothing_is_at_work_before_the_first_run():
    assert at_work() is None
    assert killed_while_preparing() is None


@pytest.mark.parametrize("path", [PATHS, EXPERIMENTS], ids=str)
def test_living_process_in_a_lock_file_is_at_work(path):
    rwlock(path, os.getpid())
    assert at_work() == f"process {os.getpid()}"


def test_living_process_of_an_experiment_is_at_work():
    WORKSPACE.write_text(json.dumps({"pid": os.getpid(), "stdin": None}))
    assert at_work() == f"process {os.getpid()}"


def test_holder_of_the_lock_of_dvc_is_at_work():
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(" 123\n")
        file.flush()
        assert at_work() == "process 123"
    assert at_work() is None


@pytest.mark.parametrize("path", [PATHS, EXPERIMENTS], ids=str)
def test_ended_process_is_not_at_work(path, dead):
    rwlock(path, dead)
    assert at_work() is None


def test_process_that_got_the_id_of_an_ended_one_is_not_at_work():
    rwlock(PATHS, os.getpid())
    os.utime(PATHS, (1e9, 1e9))  # this process has started later
    assert at_work() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"read": {}, "write": {}}', '{"write": {"/out": {"pid": "1"}}}'])
def test_file_without_a_process_is_ignored(text):
    PATHS.write_text(text)
    assert at_work() is None


def test_run_is_refused_while_another_is_at_work(wording):
    rwlock(PATHS, os.getpid())
    with pytest.raises(UserError) as error:
        locks.refuse_while_at_work()
    wording(str(error.value).replace(str(os.getpid()), "123"))


@pytest.mark.parametrize(("text", "kept"), [("", False), ('{"write": {"/o', False), ("{}", True), (None, False)])
def test_a_half_written_record_is_removed_since_every_dvc_would_stop_at_it(text, kept):
    if text is not None:
        PATHS.write_text(text)
    locks.refuse_while_at_work()
    assert PATHS.exists() == kept


def test_start_of_the_experiment_at_work():
    assert experiment_started() is None
    WORKSPACE.write_text(json.dumps({"pid": os.getpid(), "stdin": None}))
    assert experiment_started() == psutil.Process().create_time()


def test_process_that_died_with_the_lock_of_experiments_was_killed_while_preparing(dead):
    rwlock(EXPERIMENTS, dead)
    assert killed_while_preparing() == EXPERIMENTS.stat().st_mtime


def test_process_that_lives_is_still_preparing():
    rwlock(EXPERIMENTS, os.getpid())
    assert killed_while_preparing() is None
