"""Run a command with a full or a read-only disk, if this user may mount one."""

import shutil
import subprocess
from pathlib import Path

import pytest

FULL = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def run_on_full_disk(folder: Path, command: list[str], **options) -> subprocess.CompletedProcess[str]:
    """Run a command that sees an empty disk of one megabyte at `folder`.

    What it writes there is lost when it ends.
    """
    return _run_mounted(FULL, folder, command, **options)


def run_read_only(folder: Path, command: list[str], **options) -> subprocess.CompletedProcess[str]:
    """Run a command that sees `folder` on a read-only file system."""
    return _run_mounted(READ_ONLY, folder, command, **options)


def _run_mounted(mount: str, folder: Path, command: list[str], **options) -> subprocess.CompletedProcess[str]:
    prefix = ["unshare", "--mount", "--map-root-user", "sh", "-c", mount, str(folder)]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a disk")
    return subprocess.run([*prefix, *command], capture_output=True, text=True, **options)
