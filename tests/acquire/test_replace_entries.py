from pathlib import Path

import pytest

from dermoscopy.acquire.acquire import replace_entries


def test_replace_entries_replaces_entries_of_the_same_name_only(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "old").write_text("old")
    (tmp_path / "table").write_text("old")
    (tmp_path / "other").write_text("other")
    with replace_entries(tmp_path) as temporary:
        (temporary / "raw").mkdir()
        (temporary / "raw" / "new").write_text("new")
        (temporary / "table").write_text("new")
        assert (tmp_path / "table").read_text() == "old"
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "other",
        "raw",
        "raw/new",
        "table",
    ]
    assert (tmp_path / "table").read_text() == "new"


def test_replace_entries_changes_nothing_if_the_block_raises(tmp_path: Path) -> None:
    (tmp_path / "table").write_text("old")

    def fail() -> None:
        with replace_entries(tmp_path) as temporary:
            (temporary / "table").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["table"]
    assert (tmp_path / "table").read_text() == "old"


def test_replace_entries_removes_what_a_killed_run_left(tmp_path: Path) -> None:
    (tmp_path / ".acquire").mkdir()
    (tmp_path / ".acquire" / "half").write_text("half")
    with replace_entries(tmp_path) as temporary:
        (temporary / "table").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["table"]
