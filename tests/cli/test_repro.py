"""`dermoscopy repro` with a fake dvc."""

import os
import pty
import re

from dermoscopy.cli.repro import JOBS_HELP, train_stages
from tests.cli.fake_dvc import REPRO, FakeDvc

TRAIN_STAGES = train_stages()

# Each train stage waits until `wanted` stages have started, and counts those that run.
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
# One stage fails; the others end after it.
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


def test_stages_before_training_then_train_stages_then_the_rest(project):
    fake = FakeDvc(project)
    done = fake.run(REPRO)
    assert done.returncode == 0, done.stderr
    calls = [call["arguments"] for call in fake.calls()]
    assert calls[0] == ["repro", "audit"]
    assert sorted(calls[1:-1]) == sorted(["--wait-for-lock", "repro", "--single-item", stage] for stage in TRAIN_STAGES)
    assert calls[-1] == ["repro"]
    assert [call["leads"] for call in fake.calls()] == [False, *[True] * len(TRAIN_STAGES), False]
    assert {call["gpu"] for call in fake.calls()} == {os.environ.get("CUDA_VISIBLE_DEVICES")}


def test_four_jobs_run_all_train_stages_at_the_same_time(project):
    fake = FakeDvc(project, TOGETHER.format(wanted=len(TRAIN_STAGES)))
    assert fake.run([*REPRO, "--jobs", "4"]).returncode == 0


def test_at_most_jobs_train_stages_run_at_the_same_time(project):
    fake = FakeDvc(project, TOGETHER.format(wanted=2))
    assert fake.run([*REPRO, "--jobs", "2"]).returncode == 0
    counts = [int(line) for line in (project / "counts").read_text().split()]
    assert len(counts) == len(TRAIN_STAGES)
    assert max(counts) <= 2


def test_zero_jobs_are_refused(project):
    fake = FakeDvc(project)
    assert fake.run([*REPRO, "--jobs", "0"]).returncode == 2
    assert fake.calls() == []


def test_failing_train_stage_is_named_and_the_others_finish(project, wording):
    fake = FakeDvc(project, FAILS)
    done = fake.run(REPRO)
    assert done.returncode == 1
    message = done.stderr[done.stderr.rindex("\ntrain@cnn_a") :]
    for fact in ("no memory [left]", "runs/train@cnn_a.log", "train@vgg19, train@inception_v3, train@cnn_b"):
        assert fact in message
    assert done.stderr.count(": trained\n") == len(TRAIN_STAGES) - 1
    assert "Traceback" not in done.stderr
    assert ["repro"] not in [call["arguments"] for call in fake.calls()]
    wording(message)


def test_failure_before_training_stops_the_run(project):
    fake = FakeDvc(project, "sys.exit(255)")
    assert fake.run(REPRO).returncode == 255
    assert [call["arguments"] for call in fake.calls()] == [["repro", "audit"]]


def test_exit_code_of_the_stages_after_training_is_returned(project):
    fake = FakeDvc(project, 'sys.exit(255 if arguments == ["repro"] else 0)')
    assert fake.run(REPRO).returncode == 255


def test_each_train_stage_gets_one_gpu(project):
    fake = FakeDvc(project, TOGETHER.format(wanted=len(TRAIN_STAGES)))
    fake.environment["CUDA_VISIBLE_DEVICES"] = "4,7"
    done = fake.run(REPRO)
    assert done.returncode == 0
    given = {call["arguments"][-1]: call["gpu"] for call in fake.calls() if len(call["arguments"]) == 4}
    assert given == dict(zip(TRAIN_STAGES, ["4", "7", "4", "7"], strict=True))
    assert f"{TRAIN_STAGES[1]}: started on 7\n" in done.stderr


def test_each_train_stage_gets_several_gpus(project):
    fake = FakeDvc(project, TOGETHER.format(wanted=len(TRAIN_STAGES)))
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("devices: 1", "devices: 2"))
    fake.environment["CUDA_VISIBLE_DEVICES"] = "0,1,2,3"
    assert fake.run(REPRO).returncode == 0
    given = {call["arguments"][-1]: call["gpu"] for call in fake.calls() if len(call["arguments"]) == 4}
    assert given == dict(zip(TRAIN_STAGES, ["0,1", "2,3", "0,1", "2,3"], strict=True))


def test_terminal_shows_one_line_per_train_stage(project):
    fake = FakeDvc(project, 'print("epoch 1/2 [bold]")\nprint("epoch 2/2")')
    reader, writer = pty.openpty()
    process = fake.start(REPRO, stderr=writer)
    os.close(writer)
    shown = b""
    try:
        while piece := os.read(reader, 65536):
            shown += piece
    except OSError:
        pass  # the process has closed its end
    os.close(reader)
    assert process.wait() == 0
    words = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).split()
    assert [words[-12:][at : at + 3 : 2] for at in range(0, 12, 3)] == [[stage, "done"] for stage in TRAIN_STAGES]


def test_help_describes_jobs(project):
    help_text = " ".join(FakeDvc(project).run([*REPRO, "--help"]).stdout.replace("│", " ").split())
    assert JOBS_HELP in help_text
