"""A clone with four of the stages, for tests of the commands around DVC.

The stage check is the real one. Each of the others writes its outs, with the parameters that it lists, in no time.
"""

import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.pipeline.project import Project

STAGES = ("check", "acquire", "train", "report")
MEMBER = "cnn_a"
STAGE = """\
import hashlib, json, sys, time
from pathlib import Path

from dermoscopy.core import members
from dermoscopy.core.params import read
from dermoscopy.core.stage import die_with_parent

die_with_parent()
stage, member = Path(sys.argv[0]).stem, sys.argv[-1]
hang = Path("runs/hang")
if hang.exists() and hang.read_text() == stage:
    Path("runs/hangs").touch()
    time.sleep(600)
definition = members.pipeline_stages()[stage]
values = {}
for key in definition["params"]:
    value = read()
    for name in key.replace(members.MEMBER, member).split("."):
        value = value[name]
    values[key] = value
for dep in definition["deps"]:
    path = Path(dep.replace(members.MEMBER, member))
    content = (path / "index.html" if path.is_dir() else path).read_bytes()
    values[dep] = hashlib.sha256(content).hexdigest()
for entry in [*definition["outs"], *definition.get("metrics", [])]:
    path = Path((next(iter(entry)) if isinstance(entry, dict) else entry).replace(members.MEMBER, member))
    file = path if path.suffix else path / "index.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"from": values, "file": str(file)}))
"""


def small_project(folder: Path) -> Project:
    """Clone this project with four of its stages, and commit a run of them."""
    project = Project.clone(folder)
    _change_yaml(folder / "dvc.yaml", _keep_stages)
    _change_yaml(folder / "params.yaml", _keep_member)
    for name in ("data", "metrics", "plots", "dvc.lock"):
        path = folder / name
        path.unlink() if path.is_file() else shutil.rmtree(path)
    for stage in STAGES[1:]:
        (folder / "stages" / f"{stage}.py").write_text(STAGE)
    project.done("git", "checkout", "-q", "-b", "main")
    project.done("dvc", "repro")
    project.commit("run")
    return project


def _change_yaml(path: Path, change: Any) -> None:
    yaml = YAML()
    tree = yaml.load(path)
    change(tree)
    yaml.dump(tree, path)


def _keep_stages(pipeline: dict) -> None:
    stages = {name: pipeline["stages"][name] for name in STAGES}
    stages["train"]["matrix"]["member"] = [MEMBER]
    stages["acquire"]["outs"] = [out for out in stages["acquire"]["outs"] if "weights" not in str(out)]
    stages["acquire"]["deps"] = ["stages/acquire.py", "data/source.json"]
    stages["train"]["deps"] = ["stages/train.py", "data/acquired/dataset"]
    stages["report"]["deps"] = ["stages/report.py", f"data/models/{MEMBER}", f"metrics/train/{MEMBER}.json"]
    pipeline["stages"] = stages
    del pipeline["plots"]


def _keep_member(params: dict) -> None:
    params["models"] = {MEMBER: params["models"][MEMBER]}
    params["ensemble"]["members"] = [MEMBER]
    params["search"]["promote"] = [MEMBER]


def hang_in(folder: Path, stage: str) -> Path:
    """Make a stage run until it is killed; return the file that it then creates."""
    (folder / "runs").mkdir(exist_ok=True)
    (folder / "runs" / "hangs").unlink(missing_ok=True)
    (folder / "runs" / "hang").write_text(stage)
    return folder / "runs" / "hangs"
