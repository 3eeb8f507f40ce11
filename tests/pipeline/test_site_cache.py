"""A pickle that another user planted in the default site cache of DVC, which every user of a machine can write."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from dvc_data.hashfile.cache import Cache

from tests.pipeline.project import TOP

pytestmark = pytest.mark.slow

COMMANDS = ("status", "repro --force", "checkout", "pull", "push", "status --cloud", "exp run --force")
READ_PICKLES = {"checkout", "pull", "push", "status --cloud", "exp run --force"}

# Runs commands of DVC, with another name of the folder in /var/tmp that is the default, and prints which ones read the
# pickle.
RUN = """
import pathlib, sys, dvc.dirs
from dermoscopy.cli.dvc import use_private_site_cache
from dvc.cli import main

public, fired, by_dermoscopy, *commands = sys.argv[1:]
dvc.dirs.APPNAME = "../.." + public
for command in commands:
    pathlib.Path(fired).unlink(missing_ok=True)
    if by_dermoscopy:
        use_private_site_cache()
    code = main(command.split())
    if pathlib.Path(fired).exists():
        print("reads:", command)
    elif code:
        sys.exit(f"{command}: {code}")
"""
STAGE = "stages: {copy: {cmd: cp in.txt out.txt, deps: [in.txt], outs: [out.txt]}}\n"
FAKE_PYTHON = """#!/bin/sh
mkdir -p .venv/bin
printf '#!/bin/sh\\n' > .venv/bin/python
chmod +x .venv/bin/python
ln -s {dvc} .venv/bin/dvc
"""


class Payload:
    """An object whose pickle, when it is read, makes a file and returns a path that does not exist."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple:
        return eval, (f"__import__('pathlib').Path({str(self.made)!r}).touch() or 'none'",)


def run(folder: Path, *arguments: str) -> str:
    """Run Python in a folder, without the user's settings of DVC, and return its output."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "GIT_"))}
    environment["PYTHONPATH"] = str(TOP / "src")
    for level in ("SYSTEM", "GLOBAL"):
        environment[f"DVC_{level}_CONFIG_DIR"] = str(folder.parent / level)
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "test", f"GIT_{role}_EMAIL": "test@localhost"}
    result = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def reading(folder: Path, *commands: str, by_dermoscopy: bool = False) -> set[str]:
    """Run commands of DVC in a folder and return those that read the pickle; the others must succeed."""
    public, fired = (str(folder.parent / name) for name in ("public", "fired"))
    output = run(folder, "-c", RUN, public, fired, "yes" if by_dermoscopy else "", *commands)
    return set(re.findall("^reads: (.*)$", output, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """A repository with one stage and a remote. A pickle is in every database of its default site cache."""
    folder = tmp_path_factory.mktemp("site") / "repository"
    folder.mkdir()
    (folder / "in.txt").write_text("1")
    (folder / "dvc.yaml").write_text(STAGE)
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    reading(folder, "init", "config core.analytics false", "remote add --default folder ../remote", "repro", "push")
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    subprocess.run(["git", *identity, "commit", "--quiet", "--message=run"], cwd=folder, check=True)
    databases = list((folder.parent / "public").rglob("cache.db"))
    assert {path.parent.parent.name for path in databases} >= {"hashes", "index"}
    for database in databases:
        cache = Cache(str(database.parent))
        cache[Payload(folder.parent / "fired")] = True
        cache.close()
    return folder


def install(repository: Path) -> None:
    """Run `make install` with a Python that installs nothing."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(TOP / name, repository)
    shutil.rmtree(repository / ".venv", ignore_errors=True)
    python = repository.parent / "python"
    python.write_text(FAKE_PYTHON.format(dvc=Path(sys.executable).parent / "dvc"))
    python.chmod(0o755)
    made = subprocess.run(["make", "install", f"PYTHON={python}"], cwd=repository, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def used(repository: Path) -> Path:
    """Return the private folder, which has the databases and which no other user can open."""
    folder = repository / ".dvc/tmp/site"
    assert list(folder.glob("repo/*/links/cache.db"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    return folder


def test_dvc_runs_a_pickle_that_is_planted_in_its_default_folder(repository):
    assert reading(repository, *COMMANDS) == READ_PICKLES
    for folder in (repository.parent / "public", repository.parent / "public/repo"):
        assert folder.stat().st_mode & stat.S_IWOTH, "dvc makes it so that every user can write it"


def test_no_command_reads_it_after_make_install(repository):
    local = repository / ".dvc/config.local"
    local.write_text(f"[core]\n    site_cache_dir = {repository.parent}/before/.dvc/tmp/site\n")  # of a moved project
    install(repository)
    assert not reading(repository, *COMMANDS)
    used(repository)
    local.unlink()


def test_no_command_that_dermoscopy_starts_reads_it(repository):
    assert not reading(repository, *COMMANDS, by_dermoscopy=True)
    used(repository).chmod(0o777)  # as dvc makes it
    run(repository, "-m", "dermoscopy.cli.dvc", str(os.getpid()), "status")
    used(repository)


def test_a_folder_that_the_user_has_set_stays(repository):
    own = repository.parent / "own"
    reading(repository, f"config --local core.site_cache_dir {own}")
    install(repository)
    reading(repository, "checkout", by_dermoscopy=True)
    assert list(own.glob("repo/*/links/cache.db"))
