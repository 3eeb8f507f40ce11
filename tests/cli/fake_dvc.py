"""Fake dvc with a body given by the test; PYTHONPATH puts it before the real one."""

import json
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path("src").resolve()
DVC = """
import json, os, subprocess, sys, time
from pathlib import Path

arguments = sys.argv[1:]
stage = arguments[-1]
call = {{"arguments": arguments, "gpu": os.environ.get("CUDA_VISIBLE_DEVICES"), "leads": os.getpgrp() == os.getpid()}}
with open("calls", "a") as file:
    file.write(json.dumps(call) + "\\n")

{body}
"""
CONFIG = """
class ConfigError(Exception):
    pass

class Config:
    from_cwd = staticmethod(lambda: {"core": {}})
"""
REPRO = [sys.executable, "-c", "from dermoscopy.cli.app import main; main()", "repro"]
DIRECT = [sys.executable, "-m", "dermoscopy.cli.dvc"]


class FakeDvc:
    """Project folder with a fake dvc.

    Args:
        folder: Folder of the project.
        body: Code that the fake dvc runs; it may use `arguments` and `stage`, the last argument.
    """

    def __init__(self, folder: Path, body: str = "") -> None:
        self.folder = folder
        package = folder.parent / "fake" / "dvc"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "config.py").write_text(CONFIG)
        (package / "__main__.py").write_text(DVC.format(body=body))
        self.environment = os.environ | {"PYTHONPATH": f"{package.parent}:{SOURCE}", "COLUMNS": "100"}

    def start(self, command: list[str], **options) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environment, start_new_session=True, text=True, **options
        )

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)

    def calls(self) -> list[dict]:
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def has_files(self, *names: str) -> bool:
        return all((self.folder / name).exists() for name in names)
