import fcntl
import logging
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dermoscopy.core.files import exclusive_lock

HOLDER = """
import sys, time
from pathlib import Path
from dermoscopy.core.files import exclusive_lock

with exclusive_lock(Path(sys.argv[1]), "trains"):
    print("in", flush=True)
    sys.stdin.readline()
"""


def holder(path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    return process


def test_lock_file_has_the_process_id_and_is_removed_with_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "key.lock"
    with exclusive_lock(path, "trains"):
        assert path.read_text() == str(os.getpid())
    assert not path.exists()


def test_lock_is_acquired_if_its_file_is_removed_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, lock = tmp_path / "key.lock", fcntl.flock

    def remove_after_lock(*arguments: Any) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        lock(*arguments)
        path.unlink()

    monkeypatch.setattr(fcntl, "flock", remove_after_lock)
    with exclusive_lock(path, "trains"):
        assert path.read_text() == str(os.getpid())


@pytest.mark.parametrize("end", ["itself", "kill -9"])
def test_second_process_waits_until_the_first_has_ended(
    tmp_path: Path, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "key.lock"
    first = holder(path)
    second = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert second.stdout is not None
    assert select.select([second.stdout], [], [], 1)[0] == []  # it still waits
    assert path.read_text() == str(first.pid)
    if end == "itself":
        first.communicate("go\n")
    else:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    assert second.stdout.readline() == "in\n"
    assert path.read_text() == str(second.pid)
    second.communicate("go\n")
    assert not path.exists()


def test_waiting_process_logs_the_holder_and_its_action(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "key.lock"
    first = holder(path)

    def release(record: logging.LogRecord) -> bool:
        first.communicate("go\n")
        return True

    caplog.handler.addFilter(release)
    with caplog.at_level(logging.INFO, "dermoscopy"), exclusive_lock(path, "trains cnn_a"):
        pass
    caplog.handler.removeFilter(release)
    [message] = caplog.messages
    assert str(first.pid) in message
    assert "trains cnn_a" in message
