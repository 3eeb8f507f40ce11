"""The check stage, run as DVC runs it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

TOP = Path.cwd()


@pytest.fixture
def workspace(tmp_path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    shutil.copyfile(TOP / "params.yaml", folder / "params.yaml")
    return folder


def check(folder: Path, *overrides: str, root: Path | None = None) -> subprocess.CompletedProcess[str]:
    if overrides:
        apply_overrides(folder / "params.yaml", list(overrides))
    environment = os.environ | {"PYTHONPATH": str(TOP / "src"), "DVC_ROOT": str(root or folder)}
    return subprocess.run(
        [sys.executable, str(TOP / "stages/check.py")], cwd=folder, env=environment, capture_output=True, text=True
    )


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (folder / "data").rglob("*")
        if path.is_file()
    }


def test_it_records_the_source_and_the_versions(workspace):
    process = check(workspace)
    assert (process.returncode, process.stdout) == (0, "")
    assert json.loads((workspace / "data/source.json").read_text()) == {"source": "simulated", "weights": {}}
    assert "keras" in json.loads((workspace / "data/environment.json").read_text())


def test_a_second_run_writes_nothing(workspace):
    check(workspace)
    before = contents(workspace)
    assert check(workspace, "seed=2").returncode == 0
    assert contents(workspace) == before


def test_the_same_content_elsewhere_has_the_same_fingerprint(workspace, dataset, tmp_path):
    check(workspace, "data.source=directory", f'data.path="{dataset}"')
    before = contents(workspace)
    shutil.copytree(dataset, tmp_path / "elsewhere")
    assert check(workspace, f'data.path="{tmp_path / "elsewhere"}"').returncode == 0
    assert contents(workspace) == before
    assert str(tmp_path) not in (workspace / "data/source.json").read_text()
    assert (workspace / ".checkpoints/hashes.json").is_file()


def test_it_reports_all_problems_at_once_and_writes_nothing(workspace, dataset):
    check(workspace)
    before = contents(workspace)
    process = check(workspace, "optimizer=adma", "models.cnn_b.image_size=16", "data.source=directory", "data.path=/no")
    assert process.returncode == 2
    output = process.stdout + process.stderr
    assert "3 problems" in output.splitlines()[0]
    assert "adam?" in output
    assert "models.cnn_b.image_size" in output
    assert "data.path" in output
    assert "git checkout HEAD params.yaml" in output
    assert "Traceback" not in output
    assert contents(workspace) == before
    assert not (workspace / ".checkpoints").exists()


def test_it_writes_nothing_if_a_library_is_missing(workspace):
    code = (
        "import importlib.metadata as metadata, runpy\n"
        "def missing(name): raise metadata.PackageNotFoundError(name)\n"
        "metadata.version = missing\n"
        f"runpy.run_path({str(TOP / 'stages/check.py')!r}, run_name='__main__')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(TOP / "src"), "DVC_ROOT": str(workspace)}
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=workspace, env=environment, capture_output=True, text=True
    )
    assert process.returncode == 2
    assert process.stderr.startswith("Not installed: tensorflow")
    assert not (workspace / "data").exists()


def test_git_notices_a_refused_value_of_the_same_length(workspace):
    """DVC adds params.yaml to git's index and writes it within one second; git compares size and whole seconds."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=workspace, check=True, capture_output=True, text=True).stdout

    git("init", "--quiet")
    git("add", "params.yaml")
    before = (workspace / "params.yaml").read_text()
    long_ago = time.time() - 100
    os.utime(workspace / "params.yaml", (long_ago, long_ago))
    git("update-index", "--refresh")
    (workspace / "params.yaml").write_text(before.replace("protocol: lesion", "protocol: paperr"))
    os.utime(workspace / "params.yaml", (long_ago, long_ago))
    assert check(workspace).returncode == 2
    git("restore", "params.yaml")
    assert (workspace / "params.yaml").read_text() == before


def test_the_cache_of_checksums_is_outside_the_folder_of_a_queued_experiment(workspace, dataset, tmp_path):
    check(workspace, "data.source=directory", f'data.path="{dataset}"', root=tmp_path)
    assert (tmp_path / ".checkpoints/hashes.json").is_file()
    assert not (workspace / ".checkpoints").exists()


def test_it_imports_no_heavy_library():
    code = (
        "import runpy, sys\n"
        "runpy.run_path('stages/check.py')\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'numpy', 'sklearn', 'scipy', 'PIL', 'dvc'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": "src"})
    assert time.perf_counter() - start < 5
