"""Run a command with a full disk, if this user may mount one."""

import shutil
import subprocess
from pathlib import Path

import pytest

MOUNT = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'


def run_on_full_disk(folder: Path, command: list[str], **options) -> subprocess.CompletedProcess[str]:
    """Run a command that sees an empty disk of one megabyte at `folder`.

    What it writes there is lost when it ends.
    """
    prefix = ["unshare", "--mount", "--map-root-user", "sh", "-c", MOUNT, str(folder)]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a disk")
    return subprocess.run([*prefix, *command], capture_output=True, text=True, **options)
