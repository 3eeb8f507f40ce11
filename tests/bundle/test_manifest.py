"""SHA256SUMS: exactly these files, with these contents."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dermoscopy.bundle.manifest import SUMS, BundleError, verify_sums, write_sums
from dermoscopy.core.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with two files and its SHA256SUMS."""
    folder = tmp_path / "bundle"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "weights").write_text("1")
    (folder / "é name").write_text("2")
    write_sums(folder)
    return folder


def test_untouched_files_are_accepted(folder: Path) -> None:
    assert list(verify_sums(folder)) == ["a/b/weights", "é name"]


def test_the_command_sha256sum_reads_the_file(folder: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=folder, capture_output=True)
    assert done.returncode == 0


def test_all_problems_are_listed(folder: Path) -> None:
    (folder / "a/b/weights").unlink()
    (folder / "a/.hidden").write_text("")
    with pytest.raises(BundleError) as error:
        verify_sums(folder)
    assert error.value.problems == ["a/b/weights: missing.", f"a/.hidden: additional; it is not in {SUMS}."]


def fifo(folder: Path) -> None:
    os.mkfifo(folder / "fifo")


def link_out(folder: Path) -> None:
    (folder / "a/b/weights").unlink()
    (folder / "a/b/weights").symlink_to(Path(__file__))


def linked_folder(folder: Path) -> None:
    (folder / "a").rename(folder.parent / "a")
    (folder / "a").symlink_to(folder.parent / "a")


def changed(folder: Path) -> None:
    (folder / "é name").write_text("3")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (fifo, "fifo: neither"),
        (link_out, "weights: neither"),
        (linked_folder, "a: neither"),
        (changed, "name: changed"),
    ],
)
def test_a_change_is_refused(folder: Path, change: Callable[[Path], None], problem: str) -> None:
    change(folder)
    with pytest.raises(BundleError, match=problem):
        verify_sums(folder)


@pytest.mark.parametrize(
    "line",
    ["", "no hash", f"{'0' * 64}  ../outside", f"{'0' * 64}  /etc/passwd", f"{'0' * 64}  a//b", f"{'A' * 64}  a"],
)
def test_an_invalid_line_is_named(folder: Path, line: str) -> None:
    with (folder / SUMS).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(UserError, match="expected a SHA-256, two spaces and a path"):
        verify_sums(folder)


def test_missing_sums_are_named(folder: Path) -> None:
    (folder / SUMS).unlink()
    with pytest.raises(UserError, match=SUMS):
        verify_sums(folder)
