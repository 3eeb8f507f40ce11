"""`dermoscopy repro --jobs` with the real dvc and real training."""

import os
import signal
import sys
from pathlib import Path

import pytest

from dermoscopy.cli.repro import train_stages
from dermoscopy.core.interrupt import INTERRUPTED
from tests.pipeline.project import Project, stages_run
from tests.processes import wait_until, wait_until_nothing_runs

TRAIN_STAGES = train_stages()

pytestmark = [pytest.mark.slow, pytest.mark.long]

REPRO = [sys.executable, "-c", "from dermoscopy.cli.app import main; main()", "repro", "--jobs"]
RAISE = """
    if member == "cnn_a":
        from dermoscopy.core.errors import TrainingError

        raise TrainingError("stopped by the test")
    protocol ="""


def test_parallel_training_gives_the_same_lock_as_sequential_training(tiny: Project, finished: Project, tmp_path):
    project = tiny.copy(tmp_path / "project")
    (project.folder / "dvc.lock").unlink()  # so that every entry is new
    project.done(*REPRO, "4")
    assert project.lock() == finished.lock()
    assert stages_run(project.done("dvc", "repro")) == ["check"]
    assert "uncommitted" not in project.done("dvc", "data", "status")


def test_interrupted_parallel_training_leaves_no_process_and_dvc_resumes(tiny: Project, finished: Project, tmp_path):
    project = tiny.copy(tmp_path / "project")
    printed = tmp_path / "printed"
    for kill, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, INTERRUPTED)):
        logs = [project.folder / "runs" / f"{stage}.log" for stage in TRAIN_STAGES]
        for log in logs:
            log.unlink(missing_ok=True)
        process = project.start(*REPRO, "4", log=printed)
        wait_until(
            lambda logs=logs, running=process: running.poll() is not None or all(map(Path.exists, logs)), patience=300
        )
        assert process.poll() is None, "it ended before it was interrupted"
        os.killpg(process.pid, kill)
        assert process.wait() == code
        wait_until_nothing_runs(project.folder)
        assert (project.folder / ".dvc/tmp/rwlock").read_text() == "{}", "dvc reports files in use"
    output = printed.read_text()
    for stage in TRAIN_STAGES:
        assert f"{stage}: terminated. " in output, output
    assert "ERROR" not in output
    assert "Traceback" not in output
    project.done("dvc", "repro")
    assert project.lock() == finished.lock()


def test_failing_member_is_named_and_other_members_are_kept(finished: Project, tmp_path):
    project = finished.copy(tmp_path / "project")
    script = project.folder / "stages" / "train.py"
    text = script.read_text()
    assert "\n    protocol =" in text
    script.write_text(text.replace("\n    protocol =", RAISE, 1))
    result = project.run(*REPRO, "4")
    assert result.returncode == 1
    assert "train@cnn_a: stopped by the test\n" in result.stderr
    assert "runs/train@cnn_a.log" in result.stderr
    assert all(f"runs/{stage}.log" not in result.stderr for stage in TRAIN_STAGES if stage != "train@cnn_a")
    assert "Traceback" not in result.stderr
    assert not set(stages_run(result.stdout)) & {"predict", "ensemble", "report"}
    kept = project.lock()
    assert all(kept[stage] != finished.lock()[stage] for stage in TRAIN_STAGES if stage != "train@cnn_a")
    project.done("git", "restore", "stages/train.py")
    project.done(*REPRO, "4")
    assert project.lock() == finished.lock()
