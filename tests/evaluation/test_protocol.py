from pathlib import Path

import pytest

from dermoscopy.errors import TableError
from dermoscopy.evaluation.protocol import read_protocol


@pytest.mark.parametrize(("line", "shown"), [("lesion clean\n", "lesion"), ("image leaky\n", "image (leaky protocol)")])
def test_a_leak_is_said(tmp_path: Path, line: str, shown: str):
    audited = tmp_path / "audited"
    audited.write_text(line)
    assert read_protocol(audited) == shown


@pytest.mark.parametrize("line", ["", "lesion", "lesion perhaps", "lesion clean twice"])
def test_another_line_is_refused(tmp_path: Path, line: str):
    audited = tmp_path / "audited"
    audited.write_text(line)
    with pytest.raises(TableError, match="clean or leaky"):
        read_protocol(audited)


def test_no_audit_no_figures(tmp_path: Path):
    with pytest.raises(TableError, match="dvc repro"):
        read_protocol(tmp_path / "audited")
