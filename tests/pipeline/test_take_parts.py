"""The page about taking parts of this project into another DVC project, followed in a project with three stages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.project import TOP, stages_run

pytestmark = pytest.mark.slow

PAGE = (TOP / "docs/how-to/take-parts.md").read_text()
DVC_YAML, *_ = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
SHELL, COPY, JOBS, CHECK = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.M | re.S)
FILES = {
    "dvc.yaml": DVC_YAML,
    ".dvcignore": "__pycache__/\n",
    "stages/prepare.py": "from toy.prepare.rows import ROWS\nfrom toy.shared.files import write\n\n"
    'write("data/rows.txt", ROWS)\n',
    "stages/train.py": "import sys\n\nfrom toy.train.fit import fit\n\nfit(sys.argv[1])\n",
    "stages/sum.py": 'from toy.shared.files import write\n\nwrite("sum.txt", 3)\n',
    "src/toy/prepare/rows.py": "ROWS = 2\n",
    "src/toy/shared/files.py": "from pathlib import Path\n\n\ndef write(path, value):\n"
    "    Path(path).parent.mkdir(exist_ok=True)\n    Path(path).write_text(str(value))\n",
    # Each training waits until all three have started.
    "src/toy/train/fit.py": "import time\nfrom pathlib import Path\n\nfrom toy.shared.files import write\n\n\n"
    "def fit(name):\n    Path(f'started-{name}').touch()\n    deadline = time.monotonic() + 60\n"
    "    while len(list(Path().glob('started-*'))) < 3:\n        assert time.monotonic() < deadline\n"
    "        time.sleep(0.01)\n    write(f'models/{name}.txt', name)\n",
}


class Toy:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "toy"
        for name, text in FILES.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        (folder / "dermoscopy").symlink_to(TOP)
        self.done("git init --quiet && dvc init --quiet && git add .")
        self.done("git -c user.name=test -c user.email=test@localhost commit --quiet --message toy")

    def run(self, commands: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHONPATH")}
        return subprocess.run(
            ["bash", "-e", "-c", commands],
            cwd=self.folder,
            env=environment | {"PATH": path},
            capture_output=True,
            text=True,
        )

    def done(self, commands: str) -> str:
        result = self.run(commands)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


@pytest.fixture
def toy(tmp_path) -> Toy:
    return Toy(tmp_path)


def test_copied_command_runs_stages_at_the_same_time(toy):
    toy.done(COPY)
    output = toy.done(JOBS)
    assert stages_run(output) == ["prepare", "sum"]
    assert (toy.folder / "sum.txt").exists()


def test_four_lines_of_shell_run_stages_at_the_same_time(toy):
    assert sorted(stages_run(toy.done(SHELL))) == ["prepare", "sum", "train@a", "train@b", "train@c"]


def test_copied_check_names_what_is_missing_and_what_is_too_much(toy):
    toy.done(CHECK)
    of_train, of_sum = "src/toy/shared, src/toy/train", "src/toy/shared, models"
    assert of_train in DVC_YAML and of_sum in DVC_YAML
    changed = DVC_YAML.replace(of_sum, f"src/toy/prepare, {of_sum}").replace(of_train, "src/toy/train")
    (toy.folder / "dvc.yaml").write_text(changed)
    result = toy.run(CHECK.splitlines()[-1])
    assert result.returncode == 1
    printed = re.sub(r"^E +", "", result.stdout, flags=re.M)
    for message in (
        "add these to deps\nassert ['src/toy/shared'] == []",
        "remove these from deps\nassert ['src/toy/prepare'] == []",
    ):
        assert message in printed
    assert "2 failed, 1 passed" in printed
