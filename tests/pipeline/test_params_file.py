"""params.yaml has the format in which dvc writes it, so that `git diff` after -S shows only the changed values."""

import difflib
import shutil
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from dermoscopy.core.members import member_names

MEMBERS = member_names()
COMMITTED = Path("params.yaml").resolve()


@pytest.mark.parametrize(
    ("override", "removed", "added"),
    [
        ("seed=2", ["seed: 1"], ["seed: 2"]),
        ("optimizer=adam", ["optimizer:"], ["optimizer: adam"]),
        ("ensemble.method=mean", ["  method: chosen"], ["  method: mean"]),
        ("ensemble.fallback=0.05", ["  fallback:"], ["  fallback: 0.05"]),
        ("evaluate.prevalences=[0.01,0.2]", ["  - 0.05"], []),
        ("ensemble.members=[cnn_a,cnn_b]", [f"  - {name}" for name in MEMBERS if name not in ("cnn_a", "cnn_b")], []),
        (
            "models.vgg19.image_size=64",
            ["    image_size: 32  # Paper: 224"],
            ["    image_size: 64  # Paper: 224"],
        ),
        ("models.inception_v3.dense=[128,64]", [], ["    - 64"]),
        ("models.vgg19.dense=[64]", ["    dense: []"], ["    dense:", "    - 64"]),
        ("search.space.learning_rate=[0.0003,0.001]", ["    - 0.003"], []),
    ],
)
def test_an_override_changes_only_its_own_lines(tmp_path, override, removed, added):
    shutil.copyfile(COMMITTED, tmp_path / "params.yaml")
    apply_overrides(tmp_path / "params.yaml", [override])
    old, new = (path.read_text().splitlines() for path in (COMMITTED, tmp_path / "params.yaml"))
    lines = [line for line in difflib.ndiff(old, new) if line[0] in "+-"]
    assert [line[2:] for line in lines if line[0] == "-"] == removed
    assert [line[2:] for line in lines if line[0] == "+"] == added
