"""A folder that is full after a megabyte, where this user may make one."""

import shutil
import subprocess
from pathlib import Path

import pytest

MOUNT = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'


def on_a_small_disk(folder: Path, command: list[str], **options) -> subprocess.CompletedProcess[str]:
    """Run a command that sees a megabyte's file system in place of the folder.

    What it leaves there is gone with it.
    """
    prefix = ["unshare", "--mount", "--map-root-user", "sh", "-c", MOUNT, str(folder)]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("needs a mount of its own")
    return subprocess.run([*prefix, *command], capture_output=True, text=True, **options)
