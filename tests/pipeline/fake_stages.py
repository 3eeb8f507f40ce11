"""A clone with a few of the stages, for tests of the commands around DVC.

A fake stage writes its outs, with the parameters and deps that it lists, in no time. The stage check is always real.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.pipeline.project import Project

FAKE = {
    "acquire": ["data/source.json"],
    "train": ["data/acquired/dataset"],
    "report": ["data/models/cnn_a", "metrics/val/cnn_a.json"],
}  # names and deps
MEMBER = "cnn_a"
STAGE = """\
import hashlib, json, sys, time
from pathlib import Path

from dermoscopy.core import pipeline
from dermoscopy.core.params import read
from dermoscopy.core.stage import die_with_parent

die_with_parent()
stage, member = Path(sys.argv[0]).stem, sys.argv[-1]
hang = Path("runs/hang")
if hang.exists() and hang.read_text() == stage:
    Path("runs/hangs").touch()
    time.sleep(600)
definition = pipeline.pipeline_stages()[stage]
values = {"processor": Path("runs/processor").read_text() if Path("runs/processor").exists() else ""}
for key in definition["params"]:
    value = read()
    for name in key.replace(pipeline.MEMBER, member).split("."):
        value = value[name]
    values[key] = value
for dep in definition["deps"]:
    path = Path(dep.replace(pipeline.MEMBER, member))
    content = (path / "index.html" if path.is_dir() else path).read_bytes()
    values[dep] = hashlib.sha256(content).hexdigest()
for entry in [*definition["outs"], *definition.get("metrics", [])]:
    path = Path((next(iter(entry)) if isinstance(entry, dict) else entry).replace(pipeline.MEMBER, member))
    file = path if path.suffix else path / "index.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"from": values, "file": str(file)}))
"""


def small_project(folder: Path, real: Sequence[str] = (), fake: Mapping[str, Sequence[str]] = FAKE) -> Project:
    """Clone this project with a few of its stages, and commit the change.

    Args:
        folder: Folder of the clone.
        real: Names of the real stages, besides check.
        fake: Names of the fake stages, with the deps of each besides its script.
    """
    project = Project.clone(folder)
    _change_yaml(folder / "dvc.yaml", lambda pipeline: _keep_stages(pipeline, ("check", *real), fake))
    _change_yaml(folder / "params.yaml", _keep_member)
    for name in ("data", "metrics", "plots", "dvc.lock"):
        path = folder / name
        path.unlink() if path.is_file() else shutil.rmtree(path)
    for stage in fake:
        (folder / "stages" / f"{stage}.py").write_text(STAGE)
    project.done("git", "checkout", "-q", "-B", "main")
    project.commit("small")
    return project


def _change_yaml(path: Path, change: Any) -> None:
    yaml = YAML()
    tree = yaml.load(path)
    change(tree)
    yaml.dump(tree, path)


def _keep_stages(pipeline: dict, real: Sequence[str], fake: Mapping[str, Sequence[str]]) -> None:
    stages = {name: pipeline["stages"][name] for name in (*real, *fake)}
    stages["train"]["matrix"]["member"] = [MEMBER]
    for stage, definition in stages.items():
        if stage in fake:
            definition["deps"] = [f"stages/{stage}.py", *fake[stage]]
    if "acquire" in stages:
        outs = stages["acquire"]["outs"]
        stages["acquire"]["outs"] = [out for out in outs if "weights" not in str(out) or MEMBER in str(out)]
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
