"""A signal that ends the command ends its dvc and their stages."""

import errno
import logging
import os
import signal
import subprocess
import sys

import pytest
from dvc.stage.exceptions import StageCmdFailedError

from dermoscopy.cli.dvc import PlainErrors
from dermoscopy.cli.repro import train_stages
from dermoscopy.core.interrupt import INTERRUPTED, TERMINATED
from tests.cli.fake_dvc import DIRECT, REPRO, FakeDvc
from tests.processes import wait_until, wait_until_nothing_runs

TRAIN_STAGES = train_stages()

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a child checks its parent once a second")

# A stage that runs until a signal ends it and that has not called die_with_parent.
HANGS = """
if stage {which}:
    stage_process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("hangs-" + stage).touch()
    stage_process.wait()
"""
# A stage as `stages/run` starts it, which says what the next run does.
SAYS = """
if stage.startswith("train@"):
    says = (
        "import pathlib, sys, time; from dermoscopy.core.interrupt import end_on_interrupt, next_run\\n"
        "end_on_interrupt(sys.argv[1])\\n"
        "with next_run(lambda: 'It resumes after epoch 3.'):\\n"
        "    pathlib.Path('trains-' + sys.argv[1]).touch(); time.sleep(600)"
    )
    subprocess.run([sys.executable, "-c", says, stage])
"""
# Like dvc, which writes dvc.lock after its stage.
WRITES = """
Path("started").touch()
while not Path("go on").exists():
    time.sleep(0.01)
Path("written").touch()
"""


@pytest.mark.parametrize(
    ("kill", "code"),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, INTERRUPTED), (signal.SIGINT, INTERRUPTED)],
)
def test_signal_to_the_command_ends_all_train_stages(project, kill, code):
    fake = FakeDvc(project, HANGS.format(which=".startswith('train@')"))
    with fake.start(REPRO) as process:
        wait_until(lambda: fake.has_files(*(f"hangs-{stage}" for stage in TRAIN_STAGES)))
        os.killpg(process.pid, kill)  # the process group of its terminal, like Ctrl-C; train stages are not in it
        assert process.wait() == code
        wait_until_nothing_runs(project)
    assert len(fake.calls()) == 1 + len(TRAIN_STAGES)


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_command_prints_the_last_line_of_each_train_stage(project, kill):
    fake = FakeDvc(project, SAYS)
    with fake.start(REPRO, stderr=subprocess.PIPE) as process:
        wait_until(lambda: fake.has_files(*(f"trains-{stage}" for stage in TRAIN_STAGES)))
        os.killpg(process.pid, kill)
        lines = process.communicate()[1].splitlines()
    assert process.returncode == INTERRUPTED
    last = [f"{stage}: terminated. It resumes after epoch 3." for stage in TRAIN_STAGES]
    assert sorted(line for line in lines if "terminated" in line) == sorted(last)
    assert lines[-1].startswith("Interrupted; all stages have ended.")


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_signal_to_the_command_ends_the_stages_before_training(project, kill):
    fake = FakeDvc(project, HANGS.format(which="== 'audit'"))
    with fake.start(REPRO) as process:
        wait_until(lambda: fake.has_files("hangs-audit"))
        if kill == signal.SIGINT:
            os.killpg(process.pid, kill)
        else:
            process.send_signal(kill)
        assert process.wait() != 0
        wait_until_nothing_runs(project)
    assert len(fake.calls()) == 1


def test_terminated_dvc_finishes_after_its_stage_is_killed(project):
    fake = FakeDvc(project, HANGS.format(which="== 'repro'") + "time.sleep(0.3)\nPath('released').touch()")
    with fake.start([*DIRECT, str(os.getpid()), "repro"]) as process:
        wait_until(lambda: fake.has_files("hangs-repro"))
        process.terminate()
        assert process.wait() == TERMINATED
    assert fake.has_files("released")


def test_terminated_dvc_kills_stages_that_it_still_starts(project):
    fake = FakeDvc(project, WRITES + HANGS.format(which="== 'repro'"))
    with fake.start([*DIRECT, str(os.getpid()), "repro"]) as process:
        wait_until(lambda: fake.has_files("started"))
        process.terminate()
        (project / "go on").touch()
        assert process.wait() == TERMINATED
        wait_until_nothing_runs(project)
    assert fake.has_files("written", "hangs-repro")


def test_but_not_for_ever(project):
    fake = FakeDvc(project, WRITES)
    impatient = "from dermoscopy.cli import dvc; dvc.SECONDS_TO_FINISH = 0.2; dvc.main()"
    with fake.start([sys.executable, "-c", impatient, str(os.getpid()), "repro"]) as process:
        wait_until(lambda: fake.has_files("started"))
        process.terminate()
        assert process.wait() == TERMINATED
    assert not fake.has_files("written")


def test_it_does_not_begin_when_the_command_is_gone(project):
    fake = FakeDvc(project)
    assert fake.run([*DIRECT, str(os.getppid()), "repro"]).returncode == 1
    assert fake.calls() == []


def record_of(error: BaseException) -> logging.LogRecord:
    return logging.LogRecord("dvc", logging.ERROR, "", 0, "", (), (type(error), error, None))


def failed_stage(code: int) -> Exception:
    error = Exception("failed to reproduce 'train@cnn_a'")
    error.__cause__ = StageCmdFailedError("exec sh stages/run train cnn_a", code)
    return error


@pytest.mark.parametrize("code", [130, 143, -2, -15])
def test_error_about_an_interrupted_stage_is_hidden(code):
    errors = PlainErrors()
    assert not errors.filter(record_of(failed_stage(code)))
    assert errors.interrupted


@pytest.mark.parametrize("code", [1, 2, 13, -9])
def test_error_about_a_failed_stage_is_shown(code):
    errors = PlainErrors()
    assert errors.filter(record_of(failed_stage(code)))
    assert not errors.interrupted


def test_error_of_the_operating_system_in_dvc_says_what_to_do():
    record = record_of(PermissionError(errno.EACCES, "Permission denied", ".dvc/cache/files/md5/00"))
    assert PlainErrors().filter(record)
    assert record.getMessage().startswith(".dvc/cache/files/md5/00: Permission denied. ")
    assert record.exc_info is None


def test_other_records_of_dvc_are_not_changed():
    for record in (logging.LogRecord("dvc", logging.INFO, "", 0, "Running", (), None), record_of(ValueError("x"))):
        before = dict(vars(record))
        assert PlainErrors().filter(record)
        assert vars(record) == before
