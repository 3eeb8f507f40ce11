"""A clone of this project in a temporary folder, to run the real dvc in."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

TOP = Path(__file__).parents[2]
FIRST = "runs/first.log"  # output of dvc in the first run of the finished project


class Project:
    """A clone and the commands that a user runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def clone(cls, folder: Path) -> "Project":
        """Clone the last commit, and commit the uncommitted changes of this working tree in the clone."""
        subprocess.run(["git", "clone", "--quiet", str(TOP), str(folder)], check=True)
        changed = subprocess.run(
            ["git", "ls-files", "-z", "--modified", "--others", "--exclude-standard"],
            cwd=TOP,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\0")
        for name in filter(None, changed):
            if (TOP / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(TOP / name, folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        project = cls(folder)
        project.commit("Uncommitted changes")
        return project

    def copy(self, folder: Path) -> "Project":
        """Copy the clone with its data and its cache."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the environment of the project, without a network if possible."""
        return subprocess.run(
            [*WITHOUT_NETWORK, *command], cwd=self.folder, env=self.environment(), capture_output=True, text=True
        )

    def start(self, *command: str, log: Path = Path(os.devnull)) -> subprocess.Popen[str]:
        """Start a command in the same way, as leader of its own process group, with its output in a file."""
        with log.open("w") as output:
            return subprocess.Popen(
                [*WITHOUT_NETWORK, *command],
                cwd=self.folder,
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )

    def environment(self) -> dict[str, str]:
        """Return the environment variables of its commands, with its own package `dermoscopy`."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
        path = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
        return environment | {"PATH": path, "PYTHONPATH": str(self.folder / "src")}

    def done(self, *command: str) -> str:
        """Run a command that must succeed, and return its output."""
        result = self.run(*command)
        assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
        return result.stdout

    def make(self, *arguments: str) -> list[str]:
        """Return a command of make, for which the environment of the tests seems to be installed in .venv."""
        environment = self.folder / ".venv"
        if not environment.exists():
            environment.mkdir()
            (environment / "bin").symlink_to(Path(sys.executable).parent)
            (environment / "installed").touch()
        return ["make", *arguments]

    def commit(self, message: str) -> None:
        """Commit all files that git does not ignore."""
        self.done("git", "add", "--all")
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "core.hooksPath=/dev/null"]
        self.done("git", *identity, "commit", "--quiet", "--allow-empty", "--message", message)

    def apply(self, profile: str) -> None:
        """Write the values of a profile into params.yaml."""
        self.change(YAML(typ="safe", pure=True).load(self.folder / "profiles" / f"{profile}.yaml"))

    def change(self, values: dict) -> None:
        """Write values into params.yaml."""
        yaml = YAML()
        params = yaml.load(self.folder / "params.yaml")
        merge(params, values)
        yaml.dump(params, self.folder / "params.yaml")

    def lock(self) -> dict[str, dict]:
        """Return the stages of dvc.lock, in any order."""
        return YAML(typ="safe", pure=True).load(self.folder / "dvc.lock")["stages"]

    def outputs(self) -> dict[str, str]:
        """Return the md5 of every out in dvc.lock, by its path."""
        return {out["path"]: out["md5"] for stage in self.lock().values() for out in stage["outs"]}


def merge(params: dict, values: dict) -> None:
    for key, value in values.items():
        assert key in params, key
        if isinstance(value, dict):
            merge(params[key], value)
        else:
            params[key] = value


def stages_run(output: str) -> list[str]:
    """Return the stages that dvc ran according to its output, in order."""
    return re.findall(r"^Running stage '([^']+)'", output, flags=re.MULTILINE)


def _without_network() -> list[str]:
    """Return a prefix that runs a command without a network; empty if this user may not do that."""
    if shutil.which("unshare"):
        for flags in (["--net"], ["--net", "--map-root-user"]):
            if subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode == 0:
                return ["unshare", *flags]
    return []


WITHOUT_NETWORK = _without_network()
