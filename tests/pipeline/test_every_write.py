"""A stage killed at each of its writes, or with a full disk, and that the benchmark notices what is wrong."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.every_write import compiled, measure, prepare
from benchmarks.every_write_runs import BEFORE, FULL, HALFWAY
from tests.pipeline.project import Project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler"),
]

MOST = 12
WRONG = ("not_repeated", "others_changed", "succeeded_wrongly", "exit_code", "not_one_message", "tracebacks", "hangs")
# It does not run again, changes a file that is no out, and hides that the disk is full.
CARELESS = """
    if Path("marker").exists():
        return
    Path("marker").touch()
    Path("CITATION.cff").write_text("changed")
    try:
        careful()
    except OSError:
        raise SystemExit(0)
"""


def disturb(project: Project, folder: Path, *, careless: bool = False) -> dict[str, dict[str, Any]]:
    """Disturb the stage split, and return the row of each fault."""
    case = prepare(project.folder, "split", folder, MOST)
    if careless:
        script = Path(case.before, "stages/split.py")
        careful = script.read_text().replace("def split()", "def careful()")
        head, main = careful.split('if __name__ == "__main__":')
        script.write_text(f'{head}def split() -> None:\n    """Split."""{CARELESS}\n\nif __name__ == "__main__":{main}')
    return {row["fault"]: row for row in measure(case, compiled(folder))["rows"]}


def test_a_killed_stage_and_a_full_disk_lose_nothing(finished: Project, tmp_path: Path) -> None:
    rows = disturb(finished, tmp_path)
    assert {(fault, name): row[name] for fault, row in rows.items() for name in WRONG if row.get(name)} == {}
    assert rows[BEFORE]["disturbed"] >= rows[BEFORE]["writes"] - 2 > 100
    assert 50 < rows[HALFWAY]["disturbed"] < rows[BEFORE]["disturbed"]
    assert rows[FULL]["disturbed"] == MOST
    assert rows[HALFWAY]["half_written"] > 10  # in outs, which DVC removes before the next run


def test_a_careless_stage_is_noticed(finished: Project, tmp_path: Path) -> None:
    rows = disturb(finished, tmp_path, careless=True)
    assert rows[BEFORE]["not_repeated"] > 10
    assert rows[BEFORE]["others_changed"] > 10
    assert rows[FULL]["succeeded_wrongly"] > 0
