"""`dermoscopy repro` around a dvc that does what each test says."""

import os
import pty
import re

import pytest

from dermoscopy.cli.repro import branches
from tests.cli.fake import REPRO, Fake

BRANCHES = branches()

# Each train stage says that it runs, looks how many do, and waits for as many as the test wants.
TOGETHER = """
if stage.startswith("train@"):
    Path("running-" + stage).touch()
    deadline = time.monotonic() + 60
    while len(list(Path().glob("running-*")) + list(Path().glob("met-*"))) < {wanted}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    Path("met-" + stage).touch()
    with open("counts", "a") as file:
        print(len(list(Path().glob("running-*"))), file=file)
    Path("running-" + stage).unlink()
"""
# One fails; the others end only when it has.
FAILS = """
if stage == "train@cnn_a":
    print("no memory [left]", flush=True)
    Path("failed").touch()
    sys.exit(3)
if stage.startswith("train@"):
    while not Path("failed").exists():
        time.sleep(0.01)
    print("trained")
"""


def test_what_training_needs_then_the_branches_then_the_rest(project):
    fake = Fake(project)
    done = fake.run(REPRO)
    assert done.returncode == 0, done.stderr
    asked = [call["arguments"] for call in fake.asked()]
    assert asked[0] == ["repro", "audit"]
    assert sorted(asked[1:-1]) == sorted(["--wait-for-lock", "repro", "--single-item", stage] for stage in BRANCHES)
    assert asked[-1] == ["repro"]
    assert [call["leads"] for call in fake.asked()] == [False, *[True] * len(BRANCHES), False]
    assert {call["gpu"] for call in fake.asked()} == {os.environ.get("CUDA_VISIBLE_DEVICES")}


def test_all_at_the_same_time(project):
    fake = Fake(project, TOGETHER.format(wanted=len(BRANCHES)))
    assert fake.run([*REPRO, "--jobs", "4"]).returncode == 0


def test_at_most_so_many_at_the_same_time(project):
    fake = Fake(project, TOGETHER.format(wanted=2))
    assert fake.run([*REPRO, "--jobs", "2"]).returncode == 0
    counts = [int(line) for line in (project / "counts").read_text().split()]
    assert len(counts) == len(BRANCHES)
    assert max(counts) <= 2


def test_less_than_one_is_refused(project):
    fake = Fake(project)
    assert fake.run([*REPRO, "--jobs", "0"]).returncode == 2
    assert fake.asked() == []


def test_a_failing_branch_is_named_while_the_others_finish(project):
    fake = Fake(project, FAILS)
    done = fake.run(REPRO)
    assert done.returncode == 1
    assert "train@cnn_a failed with:\n  no memory [left]" in done.stderr
    assert (
        "Failed: train@cnn_a (runs/train@cnn_a.log). Done and kept: train@vgg19, train@inception_v3, train@cnn_b."
        in (done.stderr)
    )
    assert done.stderr.count(": trained\n") == len(BRANCHES) - 1
    assert "Traceback" not in done.stderr
    assert ["repro"] not in [call["arguments"] for call in fake.asked()]


def test_without_what_training_needs_nothing_is_trained(project):
    fake = Fake(project, "sys.exit(255)")
    assert fake.run(REPRO).returncode == 255
    assert [call["arguments"] for call in fake.asked()] == [["repro", "audit"]]


def test_the_rest_s_exit_code_is_passed_on(project):
    fake = Fake(project, 'sys.exit(255 if arguments == ["repro"] else 0)')
    assert fake.run(REPRO).returncode == 255


def test_gpus_are_shared_out(project):
    fake = Fake(project, TOGETHER.format(wanted=len(BRANCHES)))
    fake.environment["CUDA_VISIBLE_DEVICES"] = "4,7"
    done = fake.run(REPRO)
    assert done.returncode == 0
    given = {call["arguments"][-1]: call["gpu"] for call in fake.asked() if len(call["arguments"]) == 4}
    assert given == dict(zip(BRANCHES, ["4", "7", "4", "7"], strict=True))
    assert f"{BRANCHES[1]}: started on 7\n" in done.stderr


def test_so_are_shares_of_several(project):
    fake = Fake(project, TOGETHER.format(wanted=len(BRANCHES)))
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("devices: 1", "devices: 2"))
    fake.environment["CUDA_VISIBLE_DEVICES"] = "0,1,2,3"
    assert fake.run(REPRO).returncode == 0
    given = {call["arguments"][-1]: call["gpu"] for call in fake.asked() if len(call["arguments"]) == 4}
    assert given == dict(zip(BRANCHES, ["0,1", "2,3", "0,1", "2,3"], strict=True))


def test_on_a_terminal_each_branch_has_one_line(project):
    fake = Fake(project, 'print("epoch 1/2 [bold]")\nprint("epoch 2/2")')
    ours, theirs = pty.openpty()
    process = fake.start(REPRO, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait() == 0
    words = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).split()
    assert [words[-12:][at : at + 3 : 2] for at in range(0, 12, 3)] == [[stage, "done"] for stage in BRANCHES]


@pytest.mark.parametrize("words", ["do not depend", "runtime.threads should fit the cores"])
def test_help_says_what_jobs_costs(project, words):
    told = " ".join(Fake(project).run([*REPRO, "--help"]).stdout.replace("│", " ").split())
    assert words in told
