"""The recipes of CONTRIBUTING.md, followed by a program: exactly what the text says, and nothing else."""

from copy import deepcopy
from pathlib import Path

from ruamel.yaml import YAML

from tests.pipeline.project import Project

BACKBONE = """    "mobilenet": Backbone(
        "MobileNet",
        normalization="centered",
        min_image_size=32,
        layers=86,
        outputs={},
        weights="mobilenet/mobilenet_1_0_224_tf_no_top.h5",
        md5=None,
        size=17_225_924,
        pace=None,
    ),
"""
METRIC = """    Metric(
        "youden",
        "Youden index",
        from_confusion(lambda counts: counts.sensitivity + counts.specificity - 1),
        needs="predictions",
        scale="correlation",
        interval="bootstrap",
        description="Sensitivity plus specificity minus 1: 0 for chance, 1 for no errors.",
    ),
"""
REFERENCE = """        "youden": reference.balanced_accuracy_score(Y_TRUE, y_pred, adjusted=True, **given),
"""


def add_member(project: Project, name: str, like: str) -> None:
    """Add a member: a block in params.yaml, and a line in dvc.yaml wherever a line names a file of another member."""
    path, yaml = project.folder / "params.yaml", YAML()
    params = yaml.load(path)
    params["models"][name] = deepcopy(params["models"][like])
    params["ensemble"]["members"].append(name)
    yaml.dump(params, path)
    path = project.folder / "dvc.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line + (line.replace(like, name) if like in line else "") for line in lines))


def add_backbone(project: Project) -> None:
    """Add a row to the table of backbones, without an md5 and without a measured pace."""
    insert(project.folder / "src/dermoscopy/networks/backbones.py", "BACKBONES: Mapping[str, Backbone] = {\n", BACKBONE)


def add_metric(project: Project) -> None:
    """Add a row to the table of metrics, and its reference value to the test."""
    insert(
        project.folder / "src/dermoscopy/stats/metrics.py", "ROWS = (  # in the order of the page's columns\n", METRIC
    )
    insert(project.folder / "tests/stats/test_metrics.py", "    return {\n", REFERENCE)


def insert(path: Path, after: str, text: str) -> None:
    before = path.read_text()
    assert before.count(after) == 1, f"{path}: {after!r}"
    path.write_text(before.replace(after, after + text))
