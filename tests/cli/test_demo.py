"""The command demo: its process from the start to Ctrl-C, and its errors."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dermoscopy.cli import demo as module
from dermoscopy.cli.app import app
from dermoscopy.cli.predict import NOTICE
from dermoscopy.core.errors import UserError
from dermoscopy.core.interrupt import INTERRUPTED, TERMINATED
from tests.cli.conftest import git
from tests.finished_run import write_run
from tests.processes import wait_until

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

COMMAND = [sys.executable, "-c", "from dermoscopy.cli.app import main; main()", "demo"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Repository with a finished run."""
    folder = tmp_path_factory.mktemp("project")
    write_run(folder)
    git(folder, "init", "--quiet")
    git(folder, "add", "dvc.lock")
    git(folder, "commit", "--quiet", "--message", "start")
    return folder


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Folder for temporary files of the process."""
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


@pytest.fixture
def process(project: Path, temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """The command, in a folder of the project."""
    pytest.importorskip("starlette", reason="needs the extra demo")
    with start(COMMAND, project / "data", temporary) as process:
        yield process
        process.kill()


def start(command: list[str], folder: Path, temporary: Path) -> "subprocess.Popen[str]":
    """Start a command in a folder, with its temporary files in another one."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": python_path(), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def python_path() -> str:
    return os.pathsep.join([str(Path("src").resolve()), *filter(None, [os.environ.get("PYTHONPATH")])])


def left(temporary: Path) -> list[str]:
    """Return the names of the temporary files, without the source code that TensorFlow generates from its own."""
    return [path.name for path in temporary.iterdir() if not path.name.startswith("__autograph_generated_file")]


@pytest.mark.slow
@pytest.mark.parametrize(("kill", "code"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)])
def test_it_predicts_until_it_is_ended_and_leaves_no_file(
    project: Path, temporary: Path, process: subprocess.Popen[str], kill: int, code: int
) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+/) in a browser on this computer\. .*\n", line)
    assert found
    content = (project / "data/split/test/benign/test_001.jpg").read_bytes()

    def predict() -> str:
        request = urllib.request.Request(f"{found[1]}predict", content)
        with urllib.request.urlopen(request, timeout=120) as response:
            return str(response.read().decode())

    assert "Probability of malignancy" in predict()
    assert left(temporary) == []
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(predict()))
    thread.start()
    wait_until(lambda: left(temporary) or results)
    process.send_signal(kill)  # while it predicts
    stderr = process.communicate(timeout=60)[1]
    thread.join()
    assert (process.returncode, stderr) == (code, f"{NOTICE}\n" + "The page has ended.\n")
    assert "Probability of malignancy" in results[0]
    assert left(temporary) == []
    with pytest.raises(urllib.error.URLError):
        predict()


# The prediction takes so long that it is not finished: a second SIGINT, or a server that does not wait.
LONG = """
import sys, time
from dermoscopy.demo import demo
from dermoscopy.use.model import Model
demo.SECONDS_TO_END = 1
Model.predict = lambda self, images, **_: time.sleep(600)
from dermoscopy.cli.app import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("kills", [(signal.SIGINT, signal.SIGINT), (signal.SIGINT,), (signal.SIGTERM,)], ids=str)
def test_a_prediction_that_takes_too_long_leaves_no_file_either(
    project: Path, temporary: Path, kills: tuple[int, ...]
) -> None:
    pytest.importorskip("starlette", reason="needs the extra demo")
    command = [sys.executable, "-c", LONG, "demo"]
    with start(command, project, temporary) as process, ExitStack() as stack:
        stack.callback(process.kill)
        assert process.stdout is not None
        port = int(re.findall(r":(\d+)/", process.stdout.readline())[0])
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/predict", b"image")
        wait_until(lambda: left(temporary))
        for kill in kills:
            process.send_signal(kill)
            time.sleep(0.2)
        stderr = process.communicate(timeout=60)[1]
        connection.close()
    assert process.returncode == 128 + kills[0]
    assert stderr.endswith("The page has ended.\n")
    assert "Traceback" not in stderr
    assert left(temporary) == []


def test_without_the_extra_the_message_names_the_command_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for missing in ("starlette", "uvicorn"):
        with monkeypatch.context() as patch:
            patch.delitem(sys.modules, "dermoscopy.demo.demo", raising=False)
            for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
                patch.delitem(sys.modules, name)
            patch.setitem(sys.modules, missing, None)
            if missing == "starlette":  # it is not reached if uvicorn is missing too
                pytest.importorskip("uvicorn", reason="needs the extra demo")
            done = CliRunner().invoke(app, ["demo"])
        assert isinstance(done.exception, UserError)
        assert str(done.exception) == (f"dermoscopy demo needs {missing}. Install it: pip install -e '.[demo]'")


def test_a_port_in_use_is_refused_before_the_ensemble_is_loaded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("starlette", reason="needs the extra demo")
    monkeypatch.chdir(project)
    monkeypatch.setattr(module, "load", lambda _: pytest.fail("loaded"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = CliRunner().invoke(app, ["demo", "--port", str(port)])
    assert isinstance(done.exception, UserError)
    assert str(port) in str(done.exception)


@pytest.mark.parametrize("port", ["-1", "65536", "web"])
def test_an_impossible_port_exits_with_2(port: str) -> None:
    assert CliRunner().invoke(app, ["demo", "--port", port]).exit_code == 2


def test_without_a_finished_run_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("starlette", reason="needs the extra demo")
    (tmp_path / "a.txt").write_text("")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "start")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["demo"])
    assert isinstance(done.exception, UserError)
    assert "has no finished run" in str(done.exception)


@pytest.mark.parametrize("options", [(), ("--open",)])
def test_the_browser_is_opened_only_if_asked(
    project: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    pytest.importorskip("starlette", reason="needs the extra demo")
    monkeypatch.chdir(project)
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)

    monkeypatch.setattr("dermoscopy.demo.demo.serve", lambda *_: INTERRUPTED)
    done = CliRunner().invoke(app, ["demo", *options])
    assert done.exit_code == INTERRUPTED
    address = re.findall(r"http://127\.0\.0\.1:\d+/", done.stdout)
    assert opened == (address if options else [])
