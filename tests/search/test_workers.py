"""Who does the trials: a process that is killed costs only what it had begun."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dermoscopy.core.errors import TrainingError
from dermoscopy.search.params import Search
from dermoscopy.search.space import trials
from dermoscopy.search.workers import MOST_DEATHS, results
from tests.processes import wait_until
from tests.search.fakes import Fake

Make = Callable[..., Search]


@pytest.fixture
def fakes(search: Make, tmp_path: Path) -> Callable[..., list[Fake]]:
    def make(count: int, deaths: dict[int, int] | None = None, seconds: float = 0.0) -> list[Fake]:
        tried = trials(search(trials=count - 2), seed=1)
        return [Fake(trial, tmp_path, (deaths or {}).get(trial.number, 0), seconds) for trial in tried]

    return make


def begun(folder: Path) -> list[int]:
    return sorted(int(path.name.split("-")[0]) for path in folder.iterdir())


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_each_trial_is_done_once(fakes, tmp_path: Path, jobs: int):
    done = list(results(fakes(7), jobs, None))
    assert sorted(number for number, _ in done) == list(range(1, 8))
    assert all(record.weights == number for number, record in done)
    assert begun(tmp_path) == list(range(1, 8))
    processes = {path.name.split("-")[2] for path in tmp_path.iterdir()}
    assert (processes == {str(os.getpid())}) == (jobs == 1)
    assert len(processes) <= jobs


def test_a_worker_that_dies_costs_what_had_begun(fakes, tmp_path: Path):
    done = list(results(fakes(9, {4: 1}, seconds=0.1), 2, None))
    assert sorted(number for number, _ in done) == list(range(1, 10))
    again = [number for number in range(1, 10) if begun(tmp_path).count(number) > 1]
    assert 4 in again
    assert len(again) <= 2  # those that two workers had in hand


def test_a_trial_that_always_ends_its_worker_is_named_and_no_other(fakes, tmp_path: Path):
    deadly = 3
    with pytest.raises(TrainingError) as error:
        list(results(fakes(6, {deadly: 99}, seconds=0.1), 2, None))
    assert f"Trial {deadly} ended its worker again and again" in str(error.value)
    assert "optimizer" in str(error.value)
    assert begun(tmp_path).count(deadly) == 1 + MOST_DEATHS


ORPHANS = """
import sys
from pathlib import Path
from dermoscopy.core.params import read_yaml
from dermoscopy.search.params import Search
from dermoscopy.search.space import trials
from dermoscopy.search.workers import results
from tests.search.fakes import Fake

search = Search(**read_yaml(Path("params.yaml").read_text())["search"])
list(results([Fake(trial, Path(sys.argv[1]), seconds=60) for trial in trials(search, 1)], 2, None))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_search(tmp_path: Path, kill: signal.Signals):
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
