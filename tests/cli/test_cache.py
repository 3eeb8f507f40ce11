import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from typer.testing import CliRunner, Result

from dermoscopy.check import locks
from dermoscopy.cli import cache
from dermoscopy.cli.app import app
from dermoscopy.core.errors import UserError

WEIGHTS, TABLE = b"weights", b"image_id,label\n"


def invoke(*arguments: str, answer: str = "") -> Result:
    result = CliRunner().invoke(app, ["cache", *arguments], input=answer)
    if isinstance(result.exception, UserError):
        raise result.exception
    return result


def add(folder: Path, content: bytes, ending: str = "") -> tuple[str, Path]:
    """Add a file to a cache as DVC does; return the md5 in dvc.lock and the path."""
    md5 = hashlib.md5(content).hexdigest() + ending
    path = folder / "files/md5" / md5[:2] / md5[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o444)
    return md5, path


@pytest.fixture
def cached(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Files of a cache outside the project: a file and a folder in dvc.lock, and a file of another commit."""
    folder = tmp_path / "cache"
    table, table_path = add(folder, TABLE)
    weights, weights_path = add(folder, WEIGHTS)
    listing = json.dumps([{"md5": weights, "relpath": "model.weights.h5"}]).encode()
    member, member_path = add(folder, listing, ".dir")
    stages = {
        "split": {"outs": [{"path": "data/split/val.csv", "md5": table}]},
        "train@cnn_a": {"outs": [{"path": "data/models/cnn_a", "md5": member}]},
    }
    (project / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))
    monkeypatch.setattr(cache, "cache_folder", lambda: folder)
    return {"table": table_path, "weights": weights_path, "list": member_path, "earlier": add(folder, b"earlier")[1]}


def write_in_place(path: Path) -> None:
    """Change the first byte as root or an owner can, with the size, the mode and the time of the last change kept."""
    status = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(b"#")
    path.chmod(0o444)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_an_intact_cache(cached: dict[str, Path]) -> None:
    (cached["table"].parent / ".unfinished.tmp").write_bytes(b"of a dvc at work")
    result = invoke("check")
    assert result.exit_code == 0
    assert result.output.startswith("All 4 files")


@pytest.mark.parametrize("link", [Path.hardlink_to, Path.symlink_to], ids=["hardlink", "symlink"])
def test_a_file_that_was_written_through_a_link(
    cached: dict[str, Path], link: Callable[[Path, Path], None], wording: Callable[[str], None]
) -> None:
    output = Path("data/models/cnn_a/model.weights.h5")
    output.parent.mkdir(parents=True)
    link(output, cached["weights"])
    write_in_place(output)
    result = invoke("check")
    assert result.exit_code == 1
    wording(result.output)
    assert cached["weights"].exists()
    invoke("check", "--remove")
    assert not cached["weights"].exists()
    assert not output.is_symlink()
    assert not output.exists()


def test_all_damaged_files_are_listed_and_those_that_changed_removed(
    cached: dict[str, Path], wording: Callable[[str], None]
) -> None:
    for name in ("table", "list", "earlier"):
        write_in_place(cached[name])
    cached["weights"].unlink()
    cached["weights"].mkdir()  # also root cannot read it
    result = invoke("check", "--remove")
    assert result.exit_code == 1
    assert [name for name, path in cached.items() if path.exists()] == ["weights"]
    wording(result.output)


def test_an_intact_copy_of_a_damaged_file_is_kept(cached: dict[str, Path]) -> None:
    Path("data/split").mkdir(parents=True)
    Path("data/split/val.csv").write_bytes(TABLE)
    write_in_place(cached["table"])
    invoke("check", "--remove")
    assert Path("data/split/val.csv").read_bytes() == TABLE


def test_of_a_remote_the_lists_of_damaged_files_are_removed_too(
    cached: dict[str, Path], tmp_path: Path, wording: Callable[[str], None]
) -> None:
    remote = tmp_path / "remote"
    shutil.copytree(tmp_path / "cache", remote)
    write_in_place(remote / cached["weights"].relative_to(tmp_path / "cache"))
    result = invoke("check", str(remote), "--remove")
    assert result.exit_code == 1
    assert len(list(cache.cached_files(remote))) == 2
    assert all(path.exists() for path in cached.values())
    wording(result.output)


def test_a_folder_that_is_no_remote_is_refused(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no folder files/md5"):
        invoke("check", str(tmp_path))


def test_a_file_that_another_dvc_removes_meanwhile_is_not_damaged(tmp_path: Path) -> None:
    assert cache.damage([tmp_path / "ab" / "cd"]) == {}


def test_the_cache_of_a_folder_that_dvc_does_not_know(project: Path) -> None:
    with pytest.raises(UserError, match="DVC cannot name its cache"):
        cache.cache_folder()


@pytest.fixture
def left(project: Path) -> list[Path]:
    """What an interrupted training and a killed experiment have left, beside files that are kept."""
    (project / ".checkpoints/cnn_a-0123").mkdir(parents=True)
    (project / ".checkpoints/cnn_a-0123/state.npz").write_bytes(bytes(3_000_000))
    (project / ".checkpoints/cnn_a-0123.lock").write_text("1")
    (project / ".checkpoints/hashes.json").write_text("{}")
    (project / ".dvc/tmp/exps/standalone/tmpabc/.dvc").mkdir(parents=True)
    (project / ".dvc/tmp/exps/standalone/tmpabc/dvc.yaml").write_bytes(bytes(1_000_000))
    (project / ".dvc/tmp/exps/celery").mkdir()
    return [
        Path(".checkpoints/cnn_a-0123"),
        Path(".checkpoints/cnn_a-0123.lock"),
        Path(".dvc/tmp/exps/standalone/tmpabc"),
    ]


def test_what_was_left_is_removed(left: list[Path], wording: Callable[[str], None]) -> None:
    result = invoke("clean", "--yes")
    assert result.exit_code == 0
    assert not [path for path in left if path.exists()]
    assert Path(".checkpoints/hashes.json").exists()
    assert Path(".dvc/tmp/exps/celery").exists()
    wording(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "<time>", result.output))
    assert invoke("clean").output == "There is nothing to remove.\n"


def test_nothing_is_removed_before_the_user_has_agreed(left: list[Path]) -> None:
    result = invoke("clean", answer="n\n")
    assert result.exit_code == 1
    assert all(path.exists() for path in left)


def test_an_experiment_that_trains_is_not_disturbed(left: list[Path]) -> None:
    with FileLock(left[1], fallback_to_soft=False):
        left[1].write_text("123456")
        with pytest.raises(UserError, match="process 123456"):
            invoke("clean", "--yes")
    assert all(path.exists() for path in left)


def test_an_experiment_between_two_trainings_is_not_disturbed(left: list[Path]) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], cwd=left[2], stdin=subprocess.PIPE) as process:
        with pytest.raises(UserError, match=f"process {process.pid}"):
            invoke("clean", "--yes")
        process.communicate(b"\n")
    assert all(path.exists() for path in left)


def test_a_run_in_this_folder_is_not_disturbed(left: list[Path]) -> None:
    locks.PATHS.write_text(json.dumps({"write": {"/out": {"pid": os.getpid()}}}))
    with pytest.raises(UserError, match="A run is at work"):
        invoke("clean", "--yes")
    assert all(path.exists() for path in left)
