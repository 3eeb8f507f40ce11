"""Stage scripts run as processes: output, exit codes, files in runs/, and ending with the parent."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.full_disk import run_on_full_disk, run_read_only

SCRIPT = '''
import errno, sys
from dermoscopy.core.errors import UserError
from dermoscopy.core.stage import run

def {name}({parameter}):
    """Do something."""
    {body}

run({name})
'''


def write(folder: Path, body: str, parameter: str = "") -> Path:
    path = folder / "demo.py"
    path.write_text(SCRIPT.format(name="demo", parameter=parameter, body=body))
    return path


def execute(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path("src").resolve()), "DVC_ROOT": str(script.parent)}
    return subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, cwd=script.parent, env=environment
    )


def test_user_error_is_printed_without_traceback_and_exits_with_2(tmp_path):
    done = execute(write(tmp_path, "raise UserError('fix this')"))
    assert done.returncode == 2
    assert done.stderr == "fix this\n"


def test_other_errors_keep_the_traceback_and_exit_with_1(tmp_path):
    done = execute(write(tmp_path, "1 / 0"))
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "ZeroDivisionError" in (tmp_path / "runs" / "demo.log").read_text()


@pytest.mark.parametrize(
    "number", ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EMFILE", "EIO", "ENOENT", "ENOTDIR"]
)
def test_error_of_the_operating_system_is_a_user_error(tmp_path, number):
    done = execute(write(tmp_path, f"raise OSError(errno.{number}, 'text', 'data/x')"))
    assert done.returncode == 2
    assert done.stderr.startswith("data/x: ")
    assert "Errno" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in (tmp_path / "runs/demo.log").read_text()


def test_file_in_place_of_the_folder_of_logs_is_a_user_error(tmp_path):
    (tmp_path / "runs").touch()
    done = execute(write(tmp_path, "raise AssertionError"))
    assert done.returncode == 2
    assert done.stderr.startswith(str(tmp_path / "runs"))
    assert "Traceback" not in done.stderr


def test_read_only_project_is_a_user_error(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    script = write(tmp_path, "raise AssertionError")
    environment = {**os.environ, "PYTHONPATH": str(Path("src").resolve()), "DVC_ROOT": str(root)}
    done = run_read_only(root, [sys.executable, str(script)], env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{root}/runs: Read-only file system. ")
    assert "Traceback" not in done.stderr


def test_disk_that_is_also_full_for_the_log_is_a_user_error(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    script = write(tmp_path, f"open('{root}/filled', 'wb').write(bytes(2**21))")
    environment = {**os.environ, "PYTHONPATH": str(Path("src").resolve()), "DVC_ROOT": str(root)}
    done = run_on_full_disk(root, [sys.executable, str(script)], env=environment)
    assert done.returncode == 2
    assert "disk is full" in done.stderr.partition("\n")[0]
    assert "Traceback" not in done.stderr


def test_cost_is_written_to_runs(tmp_path):
    assert execute(write(tmp_path, "print(member)", "member: str"), "a").returncode == 0
    cost = json.loads((tmp_path / "runs" / "demo@a.json").read_text())
    assert cost["exit"] == 0
    assert cost["seconds"] >= 0
    assert cost["peak_memory_mb"] > 1
    assert (tmp_path / "runs" / "demo@a.log").exists()


@pytest.mark.parametrize(("folder", "records"), [(".dvc/tmp/exps/tmp1", "runs/faster"), (".", "runs")])
def test_an_experiment_in_its_own_folder_has_its_own_records(tmp_path, folder, records):
    script = write(tmp_path, "raise UserError('fix this')")
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(Path("src").resolve()), "DVC_ROOT": str(tmp_path)}
    environment["DVC_EXP_NAME"] = "faster"
    subprocess.run([sys.executable, script], cwd=tmp_path / folder, env=environment, capture_output=True)
    cost = json.loads((tmp_path / records / "demo.json").read_text())
    assert (cost["exit"], cost["error"]) == (2, "UserError")
    assert "fix this" in (tmp_path / records / "demo.log").read_text()
    assert len(list(tmp_path.rglob("demo.json"))) == 1


def test_mapping_that_a_stage_returns_is_written_to_runs(tmp_path):
    assert execute(write(tmp_path, "return {'device': 'CPU', 'epochs': 3}")).returncode == 0
    cost = json.loads((tmp_path / "runs" / "demo.json").read_text())
    assert (cost["exit"], cost["device"], cost["epochs"]) == (0, "CPU", 3)


RESULTS = """\
stages:
  demo:
    matrix: {member: [a, b]}
    deps: [data/split]
    outs: ['data/models/${item.member}']
    metrics: ['metrics/val/${item.member}.json': {cache: false}]
  predict: {deps: [data/models/a, data/models/b], outs: [data/predictions]}
  evaluate:
    deps: [data/predictions]
    outs: [data/evaluation, plots/roc.csv: {cache: false}]
    metrics: [metrics/test.json: {cache: false}]
"""


@pytest.mark.parametrize(("body", "emptied"), [("pass", True), ("raise UserError('no')", False)])
def test_a_stage_that_has_ended_empties_the_results_of_earlier_models(tmp_path, body, emptied):
    (tmp_path / "dvc.yaml").write_text(RESULTS)
    texts = {
        "metrics/val/a.json": '{"roc_auc": 0.8}\n',
        "data/evaluation/scores.csv": "name,value\nensemble,0.8\n",
        "metrics/test.json": '{"roc_auc": 0.8}\n',
        "plots/roc.csv": "fpr,tpr\n0,1\n",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    execute(write(tmp_path, body, "member: str"), "a")
    expected = texts | ({"metrics/test.json": "{}\n", "plots/roc.csv": "fpr,tpr\n"} if emptied else {})
    assert {path: (tmp_path / path).read_text() for path in texts} == expected


def test_log_lines_go_to_the_stderr_of_a_progress_bar(tmp_path):
    body = (
        "import contextlib, io; bar = io.StringIO()\n"
        "    with contextlib.redirect_stderr(bar): __import__('logging').getLogger('dermoscopy').info('a line')\n"
        "    print(bar.getvalue(), end='')"
    )
    done = execute(write(tmp_path, body))
    assert (done.returncode, done.stdout, done.stderr) == (0, "a line\n", "")


@pytest.mark.parametrize("name", ["cnn_c", "../cnn_c"])
def test_unknown_member_exits_with_2_names_the_known_ones_and_leaves_no_files(tmp_path, name):
    (tmp_path / "params.yaml").write_text("models: {cnn_a: {}, vgg19: {}}\n")
    script = write(tmp_path, "raise AssertionError", "member: str")
    text = script.read_text().replace("run(demo)", "run(demo, require_member)")
    script.write_text(f"from dermoscopy.core.members import require_member\n{text}")
    done = execute(script, name)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name} is not a member")
    assert "cnn_a, vgg19" in done.stderr
    assert done.stderr.endswith("Did you mean cnn_a?\n")
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_stage_ends_with_its_parent(tmp_path, kill):
    script = write(tmp_path, "import time; open('pid', 'w').write(str(__import__('os').getpid())); time.sleep(60)")
    parent_code = f"import subprocess, sys; subprocess.run([sys.executable, {str(script)!r}])"
    environment = {**os.environ, "PYTHONPATH": str(Path("src").resolve()), "DVC_ROOT": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", parent_code], cwd=tmp_path, env=environment)
    try:
        deadline = time.monotonic() + 20
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        child = Path("/proc", (tmp_path / "pid").read_text())
        parent.send_signal(kill)
        parent.wait()
        while child.exists() and "Z (zombie)" not in (child / "status").read_text():
            assert time.monotonic() < deadline, "the stage still runs without its parent"
            time.sleep(0.02)
    finally:
        parent.kill()
        parent.wait()


def test_name_that_is_not_utf_8_can_be_logged(tmp_path):
    done = execute(write(tmp_path, "raise UserError('not here: \\udcff é')"))
    assert done.returncode == 2
    assert "Logging error" not in done.stderr
    assert "not here: \\udcff é" in (tmp_path / "runs" / "demo.log").read_text(encoding="utf-8")
