"""The Makefile with a `dermoscopy` that prints its arguments."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PRINTS = "#!/bin/sh\nprintf '%s\\n' \"$@\"\n"
VALUES = [
    "/x/$HOME dir",
    "/x/${HOME}",
    "/x/$(HOME) $$",
    "it's",
    'a "quoted" name',
    "#1 % of `id`",
    "back\\slash\\",
    "~/data",
    "a;b&c|d*?",
]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the Makefile, in which everything seems to be installed."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(name, tmp_path / name)
    command = tmp_path / ".venv/bin/dermoscopy"
    command.parent.mkdir(parents=True)
    command.write_text(PRINTS)
    command.chmod(0o755)
    (tmp_path / ".venv/installed").touch()
    return tmp_path


def make(folder: Path, *arguments: str, **variables: str) -> str:
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("value", VALUES)
def test_values_reach_the_command_as_they_were_typed(folder, value):
    assert make(folder, "run", f"DATA={value}", f"PROFILE={value}").splitlines() == [
        "run",
        f"--profile={value}",
        f"--data={value}",
    ]
    assert make(folder, "run", DATA=value).splitlines() == ["run", f"--data={value}"]


def test_without_values_there_are_no_options(folder):
    assert make(folder, "run") == make(folder, "run", "DATA=", "PROFILE=") == "run\n"


def test_plain_make_lists_every_target_in_lines_of_a_terminal(folder):
    output = make(folder)
    assert output == make(folder, "help")
    targets = re.search(r"^\.PHONY: (.*)$", Path("Makefile").read_text(), re.MULTILINE)[1].split()
    assert [line.split()[1] for line in output.splitlines()] == targets
    assert all(len(line.split()) > 3 and len(line) <= 80 for line in output.splitlines())


def test_install_does_nothing_when_all_is_installed(folder):
    assert "Installing" not in make(folder, "install")
