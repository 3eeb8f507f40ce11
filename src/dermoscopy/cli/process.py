"""Run dvc as if it had been typed."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def run_dvc(*arguments: str) -> int:
    """Run dvc with this environment's Python, on this terminal; return its exit code."""
    # The stages' commands say python: it has to be this environment's, activated or not.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    process = subprocess.Popen([sys.executable, "-m", "dvc", *arguments], env=os.environ | {"PATH": path})
    # Told to end, it takes dvc with it, and that its stage.
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal sent it to dvc as well, which ends its stage first.
            continue
