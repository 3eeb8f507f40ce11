"""Worker processes: a killed one repeats only the trials that had started."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dermoscopy.core.errors import TrainingError
from dermoscopy.search.params import Search
from dermoscopy.search.space import plan_trials
from dermoscopy.search.workers import MAX_ATTEMPTS, run_tasks
from tests.processes import wait_until
from tests.search.fake_task import FakeTask

Make = Callable[..., Search]


@pytest.fixture
def fake_tasks(search: Make, tmp_path: Path) -> Callable[..., list[FakeTask]]:
    def make(count: int, kills: dict[int, int] | None = None, seconds: float = 0.0) -> list[FakeTask]:
        tried = plan_trials(search(trials=count - 2), seed=1)
        return [FakeTask(trial, tmp_path, (kills or {}).get(trial.number, 0), seconds) for trial in tried]

    return make


def started(folder: Path) -> list[int]:
    return sorted(int(path.name.split("-")[0]) for path in folder.iterdir())


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_each_trial_runs_once(fake_tasks, tmp_path: Path, jobs: int):
    done = list(run_tasks(fake_tasks(7), jobs, None))
    assert sorted(number for number, _ in done) == list(range(1, 8))
    assert all(record.n_weights == number for number, record in done)
    assert started(tmp_path) == list(range(1, 8))
    processes = {path.name.split("-")[2] for path in tmp_path.iterdir()}
    assert (processes == {str(os.getpid())}) == (jobs == 1)
    assert len(processes) <= jobs


def test_killed_worker_repeats_only_started_trials(fake_tasks, tmp_path: Path):
    done = list(run_tasks(fake_tasks(9, {4: 1}, seconds=0.1), 2, None))
    assert sorted(number for number, _ in done) == list(range(1, 10))
    again = [number for number in range(1, 10) if started(tmp_path).count(number) > 1]
    assert 4 in again
    assert len(again) <= 2  # one per worker


def test_trial_that_always_kills_its_worker_is_named(fake_tasks, tmp_path: Path, wording):
    killer = 3
    with pytest.raises(TrainingError) as error:
        list(run_tasks(fake_tasks(6, {killer: 99}, seconds=0.1), 2, None))
    assert f"Trial {killer} " in str(error.value)
    assert "optimizer" in str(error.value)
    wording(str(error.value))
    assert started(tmp_path).count(killer) == 1 + MAX_ATTEMPTS


ORPHANS = """
import sys
from pathlib import Path
from dermoscopy.core.params import read_yaml
from dermoscopy.search.params import Search
from dermoscopy.search.space import plan_trials
from dermoscopy.search.workers import run_tasks
from tests.search.fake_task import FakeTask

search = Search(**read_yaml(Path("params.yaml").read_text())["search"])
list(run_tasks([FakeTask(trial, Path(sys.argv[1]), seconds=60) for trial in plan_trials(search, 1)], 2, None))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_workers_exit_with_the_search(tmp_path: Path, kill: signal.Signals):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
    search = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, str(tmp_path)], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        workers = [int(path.name.split("-")[2]) for path in tmp_path.iterdir()]
        assert all(Path(f"/proc/{worker}").exists() for worker in workers)
    finally:
        search.send_signal(kill)
        search.wait()
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
