"""Whatever ends the command ends its dvc and their stages."""

import os
import signal
import sys

import pytest

from dermoscopy.cli.dvc import ENDED
from dermoscopy.cli.repro import INTERRUPTED, branches
from tests.cli.fake import DIRECT, REPRO, Fake
from tests.processes import wait_until, wait_until_nothing_runs

BRANCHES = branches()

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a child looks for its parent each second")

# A stage that nothing ends but a signal, and which has not yet asked to die with its parent.
HANGS = """
if stage {which}:
    stage_process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("hangs-" + stage).touch()
    stage_process.wait()
"""
# As dvc writes dvc.lock when its stage has ended.
WRITES = """
Path("begun").touch()
while not Path("go on").exists():
    time.sleep(0.01)
Path("written").touch()
"""


@pytest.mark.parametrize(
    ("kill", "code"),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, INTERRUPTED), (signal.SIGINT, INTERRUPTED)],
)
def test_no_branch_goes_on_without_the_command(project, kill, code):
    fake = Fake(project, HANGS.format(which=".startswith('train@')"))
    with fake.start(REPRO) as process:
        wait_until(lambda: fake.has(*(f"hangs-{stage}" for stage in BRANCHES)))
        os.killpg(process.pid, kill)  # its terminal's group, as Ctrl-C does; branches are not in it
        assert process.wait() == code
        wait_until_nothing_runs(project)
    assert len(fake.asked()) == 1 + len(BRANCHES)


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nor_does_what_comes_before(project, kill):
    fake = Fake(project, HANGS.format(which="== 'audit'"))
    with fake.start(REPRO) as process:
        wait_until(lambda: fake.has("hangs-audit"))
        if kill == signal.SIGINT:
            os.killpg(process.pid, kill)
        else:
            process.send_signal(kill)
        assert process.wait() != 0
        wait_until_nothing_runs(project)
    assert len(fake.asked()) == 1


def test_what_dvc_does_when_its_stage_is_gone_it_finishes(project):
    fake = Fake(project, HANGS.format(which="== 'repro'") + "time.sleep(0.3)\nPath('released').touch()")
    with fake.start([*DIRECT, str(os.getpid()), "repro"]) as process:
        wait_until(lambda: fake.has("hangs-repro"))
        process.terminate()
        assert process.wait() == ENDED
    assert fake.has("released")


def test_a_stage_that_it_starts_meanwhile_is_ended_too(project):
    fake = Fake(project, WRITES + HANGS.format(which="== 'repro'"))
    with fake.start([*DIRECT, str(os.getpid()), "repro"]) as process:
        wait_until(lambda: fake.has("begun"))
        process.terminate()
        (project / "go on").touch()
        assert process.wait() == ENDED
        wait_until_nothing_runs(project)
    assert fake.has("written", "hangs-repro")


def test_but_not_for_ever(project):
    fake = Fake(project, WRITES)
    impatient = "from dermoscopy.cli import dvc; dvc.SECONDS_TO_FINISH = 0.2; dvc.main()"
    with fake.start([sys.executable, "-c", impatient, str(os.getpid()), "repro"]) as process:
        wait_until(lambda: fake.has("begun"))
        process.terminate()
        assert process.wait() == ENDED
    assert not fake.has("written")


def test_it_does_not_begin_when_the_command_is_gone(project):
    fake = Fake(project)
    assert fake.run([*DIRECT, str(os.getppid()), "repro"]).returncode == 1
    assert fake.asked() == []
