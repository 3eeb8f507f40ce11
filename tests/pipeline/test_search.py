"""The search with the real dvc: killed, on a cluster, and its promoted networks."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from ruamel.yaml import YAML

from tests.pipeline.project import Project, stages_run
from tests.processes import alive, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long]

TRIALS = 4  # in addition to the two of the paper
PATIENCE = 300  # seconds
# Trials take a second or two, so that a kill is in the middle of the search.
SEARCH = {"search": {"trials": TRIALS, "epochs": 4, "jobs": 1}}
COMMAND = ["dvc", "repro", "--single-item", "search"]


@pytest.fixture(scope="module")
def audited(tiny: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = tiny.copy(tmp_path_factory.mktemp("audited") / "project")
    project.change(SEARCH)
    project.commit("Longer search")
    project.done("dvc", "repro", "audit")
    return project


@pytest.fixture(scope="module")
def uninterrupted(audited: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = audited.copy(tmp_path_factory.mktemp("uninterrupted") / "project")
    project.done(*COMMAND)
    return project


def results(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project.folder / "data/search").iterdir()}


def records(project: Project) -> dict[str, int]:
    """Return the time at which the record of each finished trial was written, in nanoseconds."""
    folder = project.folder / ".checkpoints/search"
    # A name that starts with a dot is a temporary file, which a killed process leaves behind.
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("[!.]*.json")}


@pytest.mark.parametrize(("killed", "jobs"), [("search", 1), ("dvc", 2)])
def test_killed_search_keeps_finished_trials(
    audited: Project, uninterrupted: Project, tmp_path: Path, killed: str, jobs: int
) -> None:
    project = audited.copy(tmp_path / "project")
    project.change({"search": {"jobs": jobs}})
    with project.start(*COMMAND, log=tmp_path / "log") as first:
        wait_until(lambda: len(records(project)) >= 3, patience=PATIENCE)
        search = int((project.folder / ".checkpoints/search.lock").read_text())
        os.kill(search if killed == "search" else first.pid, signal.SIGKILL)
        first.wait(PATIENCE)
        wait_until(lambda: not alive(search), patience=PATIENCE)
    before = records(project)
    assert 3 <= len(before) < TRIALS + 2
    second = project.run(*COMMAND)
    assert second.returncode == 0, second.stderr
    assert f"{len(before)} of {TRIALS + 2} trials" in second.stderr
    after = records(project)
    assert {name: after[name] for name in before} == before
    assert len(after) == TRIALS + 2
    assert results(project) == results(uninterrupted)


def test_increasing_trials_trains_only_the_new_ones(uninterrupted: Project, tmp_path: Path) -> None:
    project = uninterrupted.copy(tmp_path / "project")
    before = records(project)
    project.change({"search": {"trials": TRIALS + 1}})
    project.done(*COMMAND)
    after = records(project)
    assert len(set(after) - set(before)) == 1
    assert {name: after[name] for name in before} == before


def test_changing_jobs_or_scheduler_runs_nothing_again(uninterrupted: Project, tmp_path: Path) -> None:
    project = uninterrupted.copy(tmp_path / "project")
    project.change({"search": {"jobs": 7, "scheduler": "tcp://127.0.0.1:1"}})
    assert stages_run(project.done(*COMMAND)) == []


def test_promoted_networks_are_accepted_and_trained(uninterrupted: Project, tmp_path: Path) -> None:
    project = uninterrupted.copy(tmp_path / "project")
    options = project.done("dermoscopy", "overrides", "data/search/best.yaml").split()
    for member in ("cnn_a", "cnn_b"):
        # A network of the search fits search.image_size, but not always the image_size of the member.
        size = YAML(typ="safe").load(project.folder / "params.yaml")["search"]["image_size"]
        options += ["-S", f"models.{member}.image_size={size}"]
    # A promoted configuration of the paper equals that of its member, so that member is not trained.
    ran = stages_run(project.done("dvc", "exp", "run", *options, "train@cnn_a", "train@cnn_b"))
    assert "search" not in ran
    assert "train@cnn_a" in ran
    best = json.dumps(YAML(typ="safe").load(project.folder / "data/search/best.yaml")["models"]["cnn_a"])
    params = YAML(typ="safe").load(project.folder / "params.yaml")["models"]["cnn_a"]
    assert json.loads(best).items() <= params.items()


@contextmanager
def started(*command: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process of the cluster until the block ends."""
    with log.open("w") as file:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "dask"), *command], stdout=file, stderr=file, cwd=log.parent
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def listening(process: subprocess.Popen[bytes]) -> set[str]:
    """Return the addresses on which a process accepts connections."""
    connections = psutil.Process(process.pid).net_connections("tcp")
    return {connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN}


def test_cluster_that_loses_a_worker_gives_the_results_of_one_process(
    audited: Project, uninterrupted: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = audited.copy(tmp_path / "project")
    monkeypatch.setenv("PYTHONPATH", str(project.folder / "src"))
    with ExitStack() as stack:
        address = tmp_path / "scheduler.json"
        loopback = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")
        command = ("scheduler", "--port", "0", "--scheduler-file", str(address), *loopback)
        scheduler = stack.enter_context(started(*command, log=tmp_path / "scheduler"))
        wait_until(address.is_file, patience=PATIENCE)
        worker = ("worker", "--scheduler-file", str(address), "--nthreads", "1", "--no-nanny", *loopback)
        first_worker, second_worker = (
            stack.enter_context(started(*worker, "--name", name, log=tmp_path / name)) for name in ("first", "second")
        )
        project.change({"search": {"scheduler": json.loads(address.read_text())["address"]}})
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
        with (tmp_path / "log").open("w") as log:
            search = subprocess.Popen(COMMAND, cwd=project.folder, env=environment, stdout=log, stderr=log)
            stack.callback(search.kill)
            wait_until(lambda: len(records(project)) >= 2 or search.poll() is not None, patience=PATIENCE)
            first_worker.kill()
            assert search.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
        assert listening(scheduler) | listening(second_worker) == {"127.0.0.1"}
    assert results(project) == results(uninterrupted)
    assert "Remove worker" in (tmp_path / "scheduler").read_text()


def test_unreachable_scheduler_is_reported_without_traceback(audited: Project, tmp_path: Path) -> None:
    project = audited.copy(tmp_path / "project")
    project.change({"search": {"scheduler": "tcp://127.0.0.1:1"}})
    result = project.run(*COMMAND)
    assert result.returncode != 0
    assert "search.scheduler" in result.stderr
    assert "tcp://127.0.0.1:1" in result.stderr
    assert "Traceback" not in result.stderr
