"""Interrupted stages, run as processes: one line, no traceback, and the exit code of the signal."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path

import pytest

from dermoscopy.core.interrupt import INTERRUPTED, SHOW_CURSOR, TERMINATED
from tests.processes import alive, wait_until

LAUNCH = [sys.executable, "-m", "dermoscopy.core.launch"]
RUNS = """
import time
from pathlib import Path
from dermoscopy.core.interrupt import next_run
from dermoscopy.core.stage import run

def train(member: str):
    \"\"\"Train.\"\"\"
    {body}

if __name__ == "__main__":
    run(train)
"""
WAITS = "Path('started').touch(); time.sleep(600)"
SIGNALS = [(signal.SIGINT, INTERRUPTED, "interrupted"), (signal.SIGTERM, TERMINATED, "terminated")]


def start(folder: Path, script: str, **options) -> subprocess.Popen[str]:
    (folder / "stages").mkdir()
    (folder / "stages/train.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(Path("src").resolve()), "DVC_ROOT": str(folder)}
    return subprocess.Popen(
        [*LAUNCH, "train", "cnn_a"], cwd=folder, env=environment, text=True, start_new_session=True, **options
    )


def interrupt(folder: Path, script: str, number: int = signal.SIGINT) -> tuple[int, str]:
    """Send a signal to the process group of a stage when it has made the file `started`."""
    with start(folder, script, stderr=subprocess.PIPE) as process:
        wait_until((folder / "started").exists)
        os.killpg(process.pid, number)
        _, errors = process.communicate()
    return process.returncode, errors


@pytest.mark.parametrize(("number", "code", "word"), SIGNALS)
def test_interrupted_stage_prints_one_line(tmp_path, number, code, word):
    assert interrupt(tmp_path, RUNS.format(body=WAITS), number) == (
        code,
        f"train@cnn_a: {word}. The next run begins with this stage; finished stages are kept.\n",
    )


@pytest.mark.parametrize(("number", "code", "word"), SIGNALS)
def test_a_script_that_still_imports_prints_the_same_line(tmp_path, number, code, word):
    returned, errors = interrupt(tmp_path, f"import time; from pathlib import Path; {WAITS}", number)
    assert returned == code
    assert errors.startswith(f"train@cnn_a: {word}. ")
    assert errors.count("\n") == 1


def test_the_line_is_printed_while_tensorflow_is_imported(tmp_path):
    """Its native code writes to stderr, which is discarded until the import ends."""
    body = f"""
    from dermoscopy.networks.runtime import _silent_stderr
    with _silent_stderr():
        {WAITS}"""
    assert interrupt(tmp_path, RUNS.format(body=body))[1].startswith("train@cnn_a: interrupted. ")


def test_the_stage_says_what_the_next_run_does(tmp_path):
    body = f"with next_run(lambda: 'It resumes after epoch 3.'): {WAITS}"
    assert interrupt(tmp_path, RUNS.format(body=body))[1] == "train@cnn_a: interrupted. It resumes after epoch 3.\n"


def test_after_the_block_the_next_run_begins_with_the_stage(tmp_path):
    body = f"with next_run(lambda: 'It resumes.'): pass\n    {WAITS}"
    assert "begins with this stage" in interrupt(tmp_path, RUNS.format(body=body))[1]


def test_code_that_catches_every_exception_does_not_catch_the_interrupt(tmp_path):
    """As TensorFlow does: it turns an exception in a data set into its own, with a traceback."""
    body = f"""
    try:
        {WAITS}
    except BaseException:
        raise RuntimeError("18 frames") from None"""
    code, errors = interrupt(tmp_path, RUNS.format(body=body))
    assert code == INTERRUPTED
    assert errors.count("\n") == 1


@pytest.mark.parametrize("pool", ["processes", "joblib"])
def test_worker_processes_print_nothing_and_end_with_the_stage(tmp_path, pool):
    # The simulation and the search start workers.
    work = f"import os, time\ndef work(_): open('worker', 'w').write(str(os.getpid())); {WAITS}\n"
    (tmp_path / "work.py").write_text(work.replace("Path('started').touch()", "open('started', 'w').close()"))
    processes = """
    from dermoscopy.simulate.dataset import run_in_processes
    from work import work
    run_in_processes(work, [1], 1)"""
    joblib = """
    from dermoscopy.search.workers import _parallel
    from work import work
    class Task:
        def __call__(self):
            work(0)
    list(_parallel([Task(), Task()], 2, []))"""
    with start(
        tmp_path, RUNS.format(body={"processes": processes, "joblib": joblib}[pool]), stderr=subprocess.PIPE
    ) as process:
        wait_until(lambda: (tmp_path / "started").exists() and (tmp_path / "worker").read_text())
        worker = int((tmp_path / "worker").read_text())
        os.killpg(process.pid, signal.SIGINT)
        errors = process.communicate()[1]
    assert process.returncode == INTERRUPTED
    assert errors.count("\n") == 1, errors
    wait_until(lambda: not alive(worker))


def pieces(terminal: FileIO) -> Iterator[bytes]:
    """Yield what a process wrote on its terminal, of which one read may return a part."""
    with suppress(OSError):  # Linux reports the end of a terminal whose process has exited as an error
        while piece := terminal.read(4096):
            yield piece


def test_on_a_terminal_the_bar_is_erased_and_the_cursor_shown(tmp_path):
    body = f"""
    from dermoscopy.core.progress import progress
    with progress("Decoding", 10) as advance:
        advance(1); time.sleep(1); {WAITS}"""
    terminal, end = pty.openpty()
    with start(tmp_path, RUNS.format(body=body), stderr=end) as process:
        os.close(end)
        wait_until((tmp_path / "started").exists)
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
    with os.fdopen(terminal, "rb", buffering=0) as file:
        output = b"".join(pieces(file)).decode()
    bar, _, last = output.rpartition(SHOW_CURSOR)
    assert "Decoding" in bar
    assert bar.endswith("\x1b[2K")
    assert last.startswith("train@cnn_a: interrupted. ")


def test_signal_that_the_shell_ignores_stays_ignored(tmp_path):
    body = "Path('started').touch(); time.sleep(1); Path('ended').touch()"
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as for a job in the background of a script
    try:
        code, _ = interrupt(tmp_path, RUNS.format(body=body))
    finally:
        signal.signal(signal.SIGINT, handler)
    assert code == 0
    assert (tmp_path / "ended").exists()
